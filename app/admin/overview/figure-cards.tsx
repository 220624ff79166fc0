import { toCountText, toDurationText } from '#app/ui/time-text.ts'
import type { CallFigures, Percentile, RunFigures } from '#lib/data/runs/overview/read-overview.ts'
import type { Span } from '#lib/data/runs/overview/span.ts'
import { toMoneyText } from '#lib/platform/text/money-text.ts'
import { Figure, FigureCard } from './figure.tsx'
import { toCalls, toPeople, toRuns } from './overview-links.ts'

type Measured = { span: Span; calls: CallFigures; runs: RunFigures }

/** The numbers of a span, each beside that of the span before. */
export function FigureCards({ now, before, people }: { now: Measured; before: Measured; people: number }) {
  return (
    <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      <Counted name="Runs" now={now} before={before} of="runs" />
      <Counted name="Tool calls" now={now} before={before} of="calls" />
      <FigureCard name="Active people">
        <Figure count={people} href={toPeople(now.span)}>
          {toCountText(people)}
        </Figure>
      </FigureCard>
      <FigureCard
        name="Tokens"
        note={
          <>
            before: <Tokens {...before} />
          </>
        }
      >
        <Tokens {...now} />
      </FigureCard>
      <FigureCard
        name="Cost of runs"
        note={
          <>
            before: <Cost {...before} />
          </>
        }
      >
        <Cost {...now} />
      </FigureCard>
      <Times name="First words p50" part="p50" of="runs" now={now} before={before} />
      <Times name="First words p95" part="p95" of="runs" now={now} before={before} />
      <Times name="First words p99" part="p99" of="runs" now={now} before={before} />
      <Times name="Tool call p50" part="p50" of="calls" now={now} before={before} />
      <Times name="Tool call p95" part="p95" of="calls" now={now} before={before} />
      <Times name="Tool call p99" part="p99" of="calls" now={now} before={before} />
    </dl>
  )
}

type Pair = { name: string; now: Measured; before: Measured; of: 'calls' | 'runs' }

function Counted({ name, now, before, of }: Pair) {
  const href = of === 'calls' ? toCalls : toRuns
  const count = ({ calls, runs }: Measured) => (of === 'calls' ? calls.calls : runs.runs)
  const { failed } = now[of]
  return (
    <FigureCard
      name={name}
      note={
        <>
          <Figure count={failed} href={href(now.span, { status: 'unsuccessful' })} tone="bad">
            {toCountText(failed)} failed
          </Figure>
          {' · before: '}
          <Figure count={count(before)} href={href(before.span)}>
            {toCountText(count(before))}
          </Figure>
        </>
      }
    >
      <Figure count={count(now)} href={href(now.span)}>
        {toCountText(count(now))}
      </Figure>
    </FigureCard>
  )
}

function Times({ name, part, now, before, of }: Pair & { part: 'p50' | 'p95' | 'p99' }) {
  const show = (measured: Measured) => {
    const { ms, count }: Percentile = measured[of][part]
    if (ms === null) return '–'
    const href =
      of === 'calls' ? toCalls(measured.span, { slower: String(ms) }) : toRuns(measured.span, { waited: String(ms) })
    return (
      <Figure count={count} href={href}>
        {toDurationText(ms)}
      </Figure>
    )
  }
  return (
    <FigureCard name={name} note={<>before: {show(before)}</>}>
      {show(now)}
    </FigureCard>
  )
}

const Tokens = ({ span, runs }: Measured) => (
  <Figure count={runs.tokens} of="tokens" href={toRuns(span)}>
    {toCountText(runs.tokens)}
  </Figure>
)

const Cost = ({ span, runs }: Measured) => (
  <Figure count={runs.costMicros} of="cost" href={toRuns(span)}>
    {toMoneyText(runs.costMicros)}
  </Figure>
)
