import { CONTEXTS } from '../../../contract/assignments.ts'
import { useText } from '../../messages/text.tsx'

type BuiltIn = (typeof CONTEXTS)[number]

export const isBuiltIn = (context: string): context is BuiltIn => (CONTEXTS as readonly string[]).includes(context)

/** A context in the person's language; one of the workspace's own as it was named. */
export function useContextName(): (context: string) => string {
  const { t } = useText()
  return (context) => (isBuiltIn(context) ? t(`assignments.contexts.${context}.name`) : context)
}
