import type { VirtualKeyView } from '../../../contract/gateway.ts'
import { Badge } from '../../components/badge.tsx'
import { useText } from '../../messages/text.tsx'

/** Why a virtual key opens nothing; nothing for one that works. */
export function KeyState({ virtualKey: { expired, owner } }: { virtualKey: VirtualKeyView }) {
  const { t } = useText()
  if (expired) return <Badge meaning="attention">{t('gateway.expired')}</Badge>
  if (owner.left) return <Badge meaning="attention">{t('gateway.ownerLeft')}</Badge>
  return null
}
