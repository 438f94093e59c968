import type { VirtualKeyView } from '../../../contract/gateway.ts'
import { useText } from '../../messages/text.tsx'
import { useContextName } from '../assignments/context-name.ts'

/** Left to right wherever it stands: "gpt-6-*" would be torn apart in a line of Arabic. */
const asItStands = (pattern: string): string => `\u2066${pattern}\u2069`

/** What a virtual key is for, in one line: "Chat or Vision · OpenAI EU · gpt-6-*". */
export function useScopeText(): (key: Pick<VirtualKeyView, 'contexts' | 'connections' | 'models'>) => string {
  const { t, language } = useText()
  const contextName = useContextName()
  const either = new Intl.ListFormat(language, { type: 'disjunction' })
  return ({ contexts, connections, models }) => {
    const parts = [
      contexts && either.format(contexts.map(contextName)),
      connections && (connections.length === 0 ? t('gateway.scope.connectionsGone') : either.format(connections.map(({ label }) => label))),
      models && either.format(models.map(asItStands)),
    ].filter((part) => part !== null)
    return parts.length === 0 ? t('gateway.scope.everything') : parts.join(' · ')
  }
}
