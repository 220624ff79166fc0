'use client'

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Dialog as AriaDialog, Button, DialogTrigger, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useTranslate } from '#app/language/sentences-provider.tsx'
import { type ButtonLook, toButtonClass } from './button.tsx'

/**
 * A button that opens a modal dialog. Focus stays inside; Escape or a press outside closes it.
 * `children` may be a function that gets `close`.
 */
export function Dialog({
  label,
  title,
  tone,
  size,
  children,
}: ButtonLook & { label: ReactNode; title: string; children: ReactNode | ((close: () => void) => ReactNode) }) {
  return (
    <DialogTrigger>
      <Button className={toButtonClass({ tone, size })}>{label}</Button>
      <Frame title={title}>{children}</Frame>
    </DialogTrigger>
  )
}

/** A modal dialog that is open as long as it is rendered. `onClose` is called when it is closed. */
export function ModalDialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  return (
    <Frame title={title} isOpen onOpenChange={(isOpen) => isOpen || onClose()}>
      {children}
    </Frame>
  )
}

function Frame({
  title,
  children,
  ...state
}: {
  title: string
  children: ReactNode | ((close: () => void) => ReactNode)
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
}) {
  const t = useTranslate()
  return (
    <ModalOverlay
      isDismissable
      {...state}
      className="animate-appear fixed inset-0 z-50 grid place-items-end bg-shade sm:place-items-center sm:p-4"
    >
      <Modal className="animate-rise max-h-[92dvh] w-full overflow-auto rounded-t-lg border border-line bg-surface shadow-raised sm:max-w-md sm:rounded-lg">
        <AriaDialog className="grid gap-4 p-5 outline-none">
          {({ close }) => (
            <>
              <div className="flex items-start justify-between gap-3">
                <Heading slot="title" className="text-lg font-semibold">
                  {title}
                </Heading>
                <Button
                  aria-label={t('Close')}
                  onPress={close}
                  className={toButtonClass({ tone: 'quiet', size: 'sm' }, '-me-2 -mt-1 px-2')}
                >
                  <X aria-hidden className="size-4" />
                </Button>
              </div>
              {typeof children === 'function' ? children(close) : children}
            </>
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}
