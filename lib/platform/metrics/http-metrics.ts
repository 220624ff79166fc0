import { Counter, Gauge, Histogram } from 'prom-client'
import { isAmong, metricGroup, OTHER } from './metric-registry.ts'

/** Routes beyond this number count as `other`: a path whose variable parts are not known is as many routes as there are paths. */
const ROUTES_MAX = 200

/** Upper bounds (s) from a request to its answer's first byte. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export const httpMetrics = metricGroup('http', (registers) => ({
  routes: new Set<string>(),
  requests: new Counter({
    name: 'switchboard_http_requests_total',
    help: 'Requests that were answered, by route and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  }),
  seconds: new Histogram({
    name: 'switchboard_http_request_duration_seconds',
    help: 'From a request to the first byte of its answer.',
    labelNames: ['route'],
    buckets: BUCKETS,
    registers,
  }),
  streams: new Gauge({
    name: 'switchboard_open_streams',
    help: 'Streams that are open to clients now: answers, and pages of admins that follow the ledger.',
    registers,
  }),
  refusedSignIns: new Counter({
    name: 'switchboard_sign_ins_refused_total',
    help: 'Sign-ins that were refused, by the reason that the person is told.',
    labelNames: ['reason'],
    registers,
  }),
}))

/** A request that was answered. `route` is the path with its variable parts in brackets. */
export type AnsweredRequest = { route: string; method: string; status: number; milliseconds: number }

/** Counts a request once it is answered. */
export function countRequest(request: AnsweredRequest): void {
  const { method, status, milliseconds } = request
  const { requests, seconds, routes } = httpMetrics()
  const route = isAmong(routes, request.route, ROUTES_MAX) ? request.route : OTHER
  requests.inc({ route, method, status })
  seconds.observe({ route }, milliseconds / 1000)
}

/** Counts an open stream until the returned function is called. Calling it twice is harmless. */
export function countStream(): () => void {
  const { streams } = httpMetrics()
  let open = true
  streams.inc()
  return () => {
    if (open) streams.dec()
    open = false
  }
}

/** Counts a sign-in that was refused. `reason` is one of a fixed set of words. */
export function countRefusedSignIn(reason: string): void {
  httpMetrics().refusedSignIns.inc({ reason })
}

/** Shows each reason from zero on. */
export function showSignInReasons(reasons: readonly string[]): void {
  for (const reason of reasons) httpMetrics().refusedSignIns.inc({ reason }, 0)
}
