'use client'

import type { Command, CommandSelection, CommandsOption, Entity } from '@openai/chatkit'
import { browserTranslate } from '#app/language/browser-translate.ts'
import { connectAccount } from '../open-connection.ts'
import { listPrompts, type Missing, type Prompt, type Template } from './ask-offers.ts'

type Offers = { prompts: Prompt[]; templates: Template[]; unavailable: Missing[] }
const NONE: Offers = { prompts: [], templates: [], unavailable: [] }

/** What a chosen offer leads to. A template becomes an entity, unless the person changes their mind. */
type Open = { prompt: (prompt: Prompt) => void; template: (template: Template) => Promise<Entity | undefined> }

/** How long (ms) a list is cached: each keystroke asks for it. */
const FRESH_MS = 60_000
/** The tools' own list does not wait longer (ms) for that of the prompts. */
const WAIT_MS = 1_500
const TOOLS_MAX = 30
const OFFERS_MAX = 20

/**
 * The prompts and templates of all servers, after the tools that `tools` lists. Choosing one opens
 * it.
 */
export function withOffers(tools: CommandsOption, open: Open): CommandsOption {
  let known: { offers: Promise<Offers>; at: number } | null = null
  const offers = () => {
    if (!known || Date.now() - known.at > FRESH_MS) known = { offers: listPrompts(), at: Date.now() }
    known.offers.catch(() => {
      known = null
    })
    return known.offers
  }
  return {
    ...tools,
    onSearch: async (query) => {
      const listed = offers().catch(() => NONE)
      const [ofTools = [], found] = await Promise.all([tools.onSearch?.(query), withinTime(listed)])
      return [...ofTools.slice(0, TOOLS_MAX), ...listOfferCommands(found, query)]
    },
    onSelect: async (command): Promise<CommandSelection | undefined> => {
      const { prompts, templates, unavailable } = await offers()
      const missing = unavailable.find((one) => idOfMissing(one) === command.id)
      if (missing?.connect) return void (await connectAccount(missing.connect))
      const prompt = prompts.find((one) => idOfPrompt(one) === command.id)
      if (prompt) {
        open.prompt(prompt)
        return undefined
      }
      const template = templates.find((one) => idOfTemplate(one) === command.id)
      if (!template) return (await tools.onSelect?.(command)) ?? undefined
      const entity = await open.template(template)
      return entity && { type: 'entity', entity }
    },
  }
}

/** The prompts and templates for the text after a `/`; none once it has arguments of a tool. */
function listOfferCommands({ prompts, templates, unavailable }: Offers, query: string): Command[] {
  const t = browserTranslate()
  const wanted = query.trim().toLowerCase()
  if (wanted.includes('=')) return []
  const holds = (...texts: (string | undefined)[]) => texts.some((text) => text?.toLowerCase().includes(wanted))
  const ofPrompts = prompts
    .filter(({ name, title }) => holds(name, title))
    .map((prompt) => ({
      id: idOfPrompt(prompt),
      label: prompt.title ?? prompt.name,
      ...describe(
        prompt.arguments.map(({ name, required }) => (required ? name : `[${name}]`)),
        prompt.description,
      ),
      icon: 'square-text' as const,
      group: t('Prompts of {server}', { server: prompt.server }),
    }))
  const ofTemplates = templates
    .filter(({ name }) => holds(name))
    .map((template) => ({
      id: idOfTemplate(template),
      label: t('Attach: {name}', { name: template.name }),
      ...describe(template.parameters, template.description),
      icon: 'document' as const,
      group: t('Resources of {server}', { server: template.server }),
    }))
  const toConnect = unavailable
    .filter(({ server, connect }) => connect && holds(server, 'connect'))
    .map((missing) => ({
      id: idOfMissing(missing),
      label: t('Connect {server}', { server: missing.server }),
      description: missing.sentence,
      icon: 'keys' as const,
      group: t('Servers that need your account'),
    }))
  return [...[...ofPrompts, ...ofTemplates].slice(0, OFFERS_MAX), ...toConnect]
}

function describe(takes: string[], description: string | undefined): { description?: string } {
  const text = [takes.join(', '), description].filter(Boolean).join(' · ')
  return text ? { description: text } : {}
}

const idOfPrompt = ({ server, name }: Prompt) => `prompt:${server}:${name}`
const idOfMissing = ({ server }: Missing) => `connect:${server}`
const idOfTemplate = ({ server, uriTemplate }: Template) => `template:${server}:${uriTemplate}`

/** The offers, or nothing if they are not there in time: the next keystroke asks again. */
function withinTime(offers: Promise<Offers>): Promise<Offers> {
  const { promise, resolve } = Promise.withResolvers<Offers>()
  setTimeout(resolve, WAIT_MS, NONE)
  void offers.then(resolve)
  return promise
}
