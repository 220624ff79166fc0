import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { isLocal } from '#lib/chatkit-element/state/view.ts'
import { ScrollAnchor } from '#lib/chatkit-element/views/conversation/scroll-anchor.ts'

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
 * to the end. What is read stays where it is, whatever is inserted or grows above it.
 */
export function useScroll(scroller: Box, content: Box, { threadId, firstKey, lastQuestion, follow }: Facts) {
  const [away, setAway] = useState(false)
  const sticky = useRef(true)
  const anchor = useRef<ScrollAnchor | null>(null)

  useLayoutEffect(() => {
    const box = scroller.current
    if (!box || !content.current) return
    let lastTop = box.scrollTop
    const held = new ScrollAnchor(box, content.current)
    anchor.current = held
    const distance = () => box.scrollHeight - box.scrollTop - box.clientHeight
    const look = () => {
      held.set()
      lastTop = box.scrollTop
      setAway(distance() > AWAY_PX)
    }
    const onScroll = () => {
      if (distance() < NEAR_PX) sticky.current = true
      else if (box.scrollTop < lastTop - 1) sticky.current = false
      if (!sticky.current) held.hold()
      look()
    }
    const onGrowth = new ResizeObserver(() => {
      if (sticky.current) box.scrollTop = box.scrollHeight
      else held.hold()
      look()
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
  const isEarlier = first.current !== firstKey
  first.current = firstKey
  // Before the earlier messages are inserted: the last scroll event may still be to come.
  if (isEarlier && !sticky.current) anchor.current?.set()
  useLayoutEffect(() => {
    if (isEarlier && !sticky.current) anchor.current?.hold()
  })

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
      content.current?.querySelector('.turn.is-last')?.scrollIntoView({ block: 'start' })
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
