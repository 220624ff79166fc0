import {
  BookOpen,
  Bot,
  Briefcase,
  Calendar,
  ChartColumn,
  Compass,
  Contact,
  Globe,
  type LucideIcon,
  Mail,
  NotebookPen,
  Sparkle,
  SquareCode,
} from 'lucide-react'
import type { Colour, Picture } from '#lib/data/assistants/assistant-config.ts'

const ICONS: Record<Picture, LucideIcon> = {
  agent: Bot,
  sparkle: Sparkle,
  compass: Compass,
  'book-open': BookOpen,
  calendar: Calendar,
  chart: ChartColumn,
  globe: Globe,
  mail: Mail,
  'notebook-pencil': NotebookPen,
  'profile-card': Contact,
  'square-code': SquareCode,
  suitcase: Briefcase,
}

/** An assistant's picture in its colour. */
export function AssistantMark({ colour, picture }: { colour: Colour; picture: Picture }) {
  const Icon = ICONS[picture]
  return (
    <span data-colour={colour} className="assistant-mark grid size-8 shrink-0 place-items-center rounded-md">
      <Icon aria-hidden className="size-4.5" />
    </span>
  )
}
