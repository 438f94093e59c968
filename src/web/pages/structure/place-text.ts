import { useText } from '../../messages/text.tsx'

/** "ecommerce/de-DE" in words: "ecommerce · de-DE"; where there are no channels, "every channel". */
export function usePlaceText(): (place: string) => string {
  const { t } = useText()
  return (place) => (place === '' ? t('structure.standing.everywhere') : place.split('/').filter(Boolean).join(' · '))
}
