import type { CoversInput, CoversView } from '../../../contract/budgets.ts'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'

/** Which calls a budget or rate limit is for, in one line: "Mistral EU or OpenAI · Chat". */
export function useCoversText(): (covers: CoversView) => string {
  const { t, language } = useText()
  const contextName = useContextName()
  const either = new Intl.ListFormat(language, { type: 'disjunction' })
  return ({ connections, contexts, members, virtualKeys }) => {
    const named = (things: readonly { readonly name: string | null }[]): string =>
      either.format(things.map(({ name }) => name ?? t('budgets.covers.gone')))
    const parts = [
      connections && named(connections),
      contexts && either.format(contexts.map(contextName)),
      members && named(members),
      virtualKeys && named(virtualKeys),
    ].filter((part) => part !== null)
    return parts.length === 0 ? t('budgets.covers.everything') : parts.join(' · ')
  }
}

/** What is shown of a budget or rate limit, as it is sent. */
export const coversInputOf = ({ connections, contexts, members, virtualKeys }: CoversView): CoversInput => ({
  ...(connections ? { connectionIds: connections.map(({ id }) => id) } : {}),
  ...(contexts ? { contexts: [...contexts] } : {}),
  ...(members ? { memberIds: members.map(({ id }) => id) } : {}),
  ...(virtualKeys ? { virtualKeyIds: virtualKeys.map(({ id }) => id) } : {}),
})
