/**
 * Calls are held back until they are whole. Meanwhile this says by how many bytes they grow, so that
 * an answer can be counted while it streams: the type of an event of the Responses API, or a field of
 * a chunk's delta. Nothing of it is shown, and it is not the beginning of an answer.
 */
export const CALL_GROWS = 'switchboard_call_grows'
