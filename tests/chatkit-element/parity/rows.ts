import { APPEARANCE_ROWS } from './appearance-rows.ts'
import { CALLBACK_ROWS } from './callback-rows.ts'
import { COMPOSER_ROWS } from './composer-rows.ts'
import { EVENT_ROWS } from './event-rows.ts'
import { METHOD_ROWS } from './method-rows.ts'
import type { Rows } from './row.ts'
import { SCREEN_ROWS } from './screen-rows.ts'

/** A row for each option, method and event of the public types, by its name. */
export const ROWS: Rows = {
  ...APPEARANCE_ROWS,
  ...SCREEN_ROWS,
  ...COMPOSER_ROWS,
  ...CALLBACK_ROWS,
  ...METHOD_ROWS,
  ...EVENT_ROWS,
}
