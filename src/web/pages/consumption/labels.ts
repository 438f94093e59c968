import type { Grouping } from '../../../contract/consumption.ts'
import { type Translate, useText } from '../../messages/text.tsx'
import { formatExact } from '../../support/times.ts'

const ORIGIN_KINDS = [
  'run',
  'chat',
  'test',
  'try',
  'automation',
  'virtual-key',
  'images',
  'command',
  'discovery',
  'models',
  'pull',
] as const
const CONTEXTS = [
  'enrichment',
  'copilot',
  'translation',
  'vision',
  'compliance',
  'images',
  'chat',
  'embeddings',
  'agents',
  'connection-check',
] as const

const oneOf = <Value extends string>(values: readonly Value[], text: string): Value | undefined => values.find((value) => value === text)

export interface Labelled {
  readonly key: string
  readonly name: string | null
  readonly startedAt?: string | null
}

/** What a group is called: its own name, else what its key says. */
export function useLabels(): (by: Grouping, thing: Labelled) => string {
  const { t, language } = useText()
  return (by, { key, name, startedAt }) => {
    if (by === 'day') return dayLabel(key, language)
    if (by === 'originKind') return originKindLabel(key, t)
    if (by === 'context') return contextLabel(key, t)
    if (by === 'member') return name ?? memberLabel(key, t)
    if (by === 'connection') return name ?? t('consumption.connectionGone')
    if (by === 'origin') {
      const [kind = key, id] = key.split(':')
      const what = originKindLabel(kind, t)
      if (name) return t('consumption.originNamed', { what, name })
      if (startedAt) return t('consumption.originOf', { what, when: formatExact(startedAt, language) })
      return id ? t('consumption.originNamed', { what, name: id.slice(-8) }) : what
    }
    return name ?? (key === '' ? t('consumption.noModel') : key) // lists of models and tests of keys ask for none
  }
}

function originKindLabel(kind: string, t: Translate): string {
  const known = oneOf(ORIGIN_KINDS, kind)
  return known ? t(`consumption.originKinds.${known}`) : kind
}

export function contextLabel(context: string, t: Translate): string {
  const known = oneOf(CONTEXTS, context)
  return known ? t(`consumption.contexts.${known}`) : context
}

function memberLabel(actor: string, t: Translate): string {
  if (actor === 'command') return t('consumption.actors.command')
  if (actor === 'system') return t('consumption.actors.system')
  return actor.startsWith('user:') ? t('consumption.actors.gone') : actor
}

/** A calendar day, which is the same day in every zone. */
export const dayLabel = (day: string, language: string): string =>
  new Intl.DateTimeFormat(`${language}-u-nu-latn`, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))

/** "3 Nov", for an axis. */
export const shortDay = (day: string, language: string): string =>
  new Intl.DateTimeFormat(`${language}-u-nu-latn`, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
