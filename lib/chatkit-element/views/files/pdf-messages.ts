/** What the view asks its worker for: a page, from 1, and how many pixels wide it should be. */
export type PdfRequest = { page: number; width: number }

/** What the worker answers. `ratio` is the width of the first page by its height. */
export type PdfAnswer =
  | { type: 'opened'; pages: number; ratio: number }
  | { type: 'drawn'; page: number; bitmap: ImageBitmap; text: string }
  | { type: 'broken'; page: number }
  | { type: 'failed' }
