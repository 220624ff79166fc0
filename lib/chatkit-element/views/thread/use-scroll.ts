import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { isLocal } from '#lib/chatkit-element/state/view.ts'

type Box = { current: HTMLElement | null }
type Facts = {
  threadId: string | null
  firstKey: string | undefined
  lastQuestion: string | null
  /**
   * Follow the answer while it is written; otherwise a new question moves to the top and stays
   * there.
   */
  follow: boolean
}

const NEAR_PX = 40
const AWAY_PX = 160

/**
 * Keeps the end of the conversation in view until the person scrolls up, and again once they return
 * to the end. Earlier messages that are inserted above do not move the visible text.
 */
export function useScroll(scroller: Box, content: Box, { threadId, firstKey, lastQuestion, follow }: Facts) {
  const [away, setAway] = useState(false)
  const sticky = useRef(true)
  const height = useRef(0)

  useLayoutEffect(() => {
    const box = scroller.current
    if (!box || !content.current) return
    let lastTop = box.scrollTop
    const distance = () => box.scrollHeight - box.scrollTop - box.clientHeight
    const onScroll = () => {
      if (distance() < NEAR_PX) sticky.current = true
      else if (box.scrollTop < lastTop - 1) sticky.current = false
      lastTop = box.scrollTop
      setAway(distance() > AWAY_PX)
    }
    const onGrowth = new ResizeObserver(() => {
      if (sticky.current) box.scrollTop = box.scrollHeight
      height.current = box.scrollHeight
      onScroll()
    })
    onGrowth.observe(content.current)
    onGrowth.observe(box)
    box.addEventListener('scroll', onScroll, { passive: true })
    return () => {
      onGrowth.disconnect()
      box.removeEventListener('scroll', onScroll)
    }
  }, [scroller, content])

  const thread = useRef(threadId)
  useLayoutEffect(() => {
    if (thread.current === threadId) return
    thread.current = threadId
    sticky.current = true
    setAway(false)
  }, [threadId])

  const first = useRef(firstKey)
  useLayoutEffect(() => {
    const box = scroller.current
    if (box && first.current && firstKey !== first.current && !sticky.current)
      box.scrollTop += box.scrollHeight - height.current
    first.current = firstKey
    if (box) height.current = box.scrollHeight
  }, [firstKey, scroller])

  const question = useRef(lastQuestion)
  useLayoutEffect(() => {
    // When the server confirms a message its id changes, but it is not a new message.
    const asked =
      lastQuestion !== null &&
      lastQuestion !== question.current &&
      !(question.current && isLocal({ id: question.current }))
    question.current = lastQuestion
    const box = scroller.current
    if (!asked || !box) return
    if (follow) sticky.current = true
    else {
      sticky.current = false
      content.current?.querySelector('.turn:last-of-type')?.scrollIntoView({ block: 'start' })
    }
  }, [lastQuestion, follow, scroller, content])

  const jump = () => {
    const box = scroller.current
    sticky.current = true
    box?.scrollTo({
      top: box.scrollHeight,
      behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
    })
    box?.focus({ preventScroll: true })
  }
  return { away, jump }
}
