'use server'

import { serverAction } from '#app/server-action.ts'
import {
  addMemory,
  changeMemory,
  deleteAllMemories,
  deleteMemory,
  requireMemoryText,
  setWantsMemory,
} from '#lib/data/people/memories.ts'

const LIMIT = { name: 'memory', points: 60, seconds: 60 }
const GATE = { who: 'person', failure: 'memory not changed', refresh: '/settings/memory', limit: LIMIT } as const
const textOf = (form: FormData, name: string) => String(form.get(name) ?? '')

/** Keeps the form's `text`. */
export const keepMemory = serverAction(GATE, (caller, form: FormData) =>
  addMemory(caller, requireMemoryText(textOf(form, 'text'))),
)

/** Changes the words of the form's memory. */
export const editMemory = serverAction(GATE, (caller, form: FormData) =>
  changeMemory(caller, textOf(form, 'id'), requireMemoryText(textOf(form, 'text'))),
)

/** Deletes the form's memory. */
export const forgetMemory = serverAction(GATE, (caller, form: FormData) => deleteMemory(caller, textOf(form, 'id')))

/** Deletes all memories of the person. */
export const forgetEverything = serverAction(GATE, (caller, _form: FormData) => deleteAllMemories(caller))

/** Switches memory on or off for the person. */
export const switchMemory = serverAction(GATE, (caller, form: FormData) =>
  setWantsMemory(caller, textOf(form, 'wants') === 'true'),
)
