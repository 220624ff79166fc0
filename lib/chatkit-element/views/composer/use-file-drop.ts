import { useEffect, useState } from 'preact/hooks'

/**
 * Attaches files that are dropped anywhere on the element. Returns true while files are dragged
 * over it.
 */
export function useFileDrop(
  root: { current: HTMLElement | null },
  enabled: boolean,
  onFiles: (files: File[]) => void,
): boolean {
  const [hovering, setHovering] = useState(false)
  useEffect(() => {
    const element = root.current
    if (!element || !enabled) return
    const over = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
      setHovering(true)
    }
    const leave = (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node && element.contains(event.relatedTarget))) setHovering(false)
    }
    const drop = (event: DragEvent) => {
      setHovering(false)
      if (!event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      onFiles([...event.dataTransfer.files])
    }
    element.addEventListener('dragover', over)
    element.addEventListener('dragleave', leave)
    element.addEventListener('drop', drop)
    return () => {
      setHovering(false)
      element.removeEventListener('dragover', over)
      element.removeEventListener('dragleave', leave)
      element.removeEventListener('drop', drop)
    }
  }, [root, enabled, onFiles])
  return hovering
}
