import { z } from 'zod'

/**
 * What the model's server said about a failure, without secrets. It is kept in the run's row and in
 * the log, for operators only. `status` is the HTTP status. `requestId` is the provider's id of the
 * request, which its support can look up.
 */
export const FailureDetail = z.object({
  status: z.number().optional(),
  code: z.string().optional(),
  type: z.string().optional(),
  param: z.string().optional(),
  message: z.string().optional(),
  requestId: z.string().optional(),
})
export type FailureDetail = z.infer<typeof FailureDetail>
