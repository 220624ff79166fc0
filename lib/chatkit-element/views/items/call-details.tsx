import { useEffect, useId, useState } from 'preact/hooks'
import type { CustomTask } from '#lib/chatkit/protocol/items.ts'
import type { ShownCall } from '#lib/chatkit/protocol/shown-call.ts'
import { toExactTime, toFileSize, toSeconds } from '#lib/chatkit-element/language/time.ts'
import { readCall } from '#lib/chatkit-element/transport/read-call.ts'
import { Icon } from '#lib/chatkit-element/views/icons/icon.tsx'
import { useUi } from '#lib/chatkit-element/views/use-ui.ts'

type Loaded = ShownCall | 'loading' | 'failed'

/**
 * A tool call's request, response, server and times, read when the person opens them. Nothing if the
 * page has no address for them, or the task is about no call.
 */
export function CallDetails({ task: { tool_call: call, status_indicator: status } }: { task: CustomTask }) {
  const { strings, options, callsUrl } = useUi()
  const [isOpen, setOpen] = useState(false)
  const [loaded, setLoaded] = useState<Loaded>('loading')
  const id = useId()
  const { run_id, call_id } = call ?? {}
  // biome-ignore lint/correctness/useExhaustiveDependencies: a call that ends while it is open is read again.
  useEffect(() => {
    if (!isOpen || !callsUrl || !run_id || !call_id) return
    let isLeft = false
    void readCall(callsUrl, { run_id, call_id }, options).then((read) => isLeft || setLoaded(read ?? 'failed'))
    return () => {
      isLeft = true
    }
  }, [isOpen, callsUrl, run_id, call_id, status, options])
  if (!call || !callsUrl) return null
  return (
    <div class="call">
      <button
        type="button"
        class="call-toggle"
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {strings.callDetails}
        <Icon name="chevron-down" size={14} class="chevron" />
      </button>
      {isOpen && (
        <div id={id} class="call-details" aria-busy={loaded === 'loading'}>
          {loaded === 'loading' && <p>{strings.loading}</p>}
          {loaded === 'failed' && <p role="alert">{strings.failed}</p>}
          {typeof loaded === 'object' && <Call call={loaded} />}
        </div>
      )}
    </div>
  )
}

function Call({ call }: { call: ShownCall }) {
  const { strings, locale } = useUi()
  const { server, tool, started_at, duration_ms, request, response, href } = call
  return (
    <>
      <dl>
        <dt>{strings.callServer}</dt>
        <dd>
          <bdi>{server}</bdi> · <code>{tool}</code>
        </dd>
        <dt>{strings.callStarted}</dt>
        <dd>
          <time dateTime={started_at}>{toExactTime(started_at, locale)}</time>
        </dd>
        {duration_ms !== null && <dt>{strings.callTook}</dt>}
        {duration_ms !== null && <dd>{toSeconds(duration_ms, locale)}</dd>}
      </dl>
      <Text label={strings.callRequest} shown={request} />
      {response ? <Text label={strings.callResponse} shown={response} /> : <p>{strings.noResponse}</p>}
      {href && (
        <a href={href} target="_blank" rel="noopener">
          {strings.openCall}
        </a>
      )}
    </>
  )
}

function Text({ label, shown: { text, bytes, is_shortened } }: { label: string; shown: ShownCall['request'] }) {
  const { strings, locale } = useUi()
  const size = bytes === null ? '' : toFileSize(bytes, locale)
  return (
    <section aria-label={label}>
      <h4>
        {label} {size && <small>{is_shortened ? strings.shortened(size) : size}</small>}
      </h4>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre tabIndex={0} dir="ltr">
        {text}
      </pre>
    </section>
  )
}
