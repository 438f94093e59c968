import { useText } from '../../messages/text.tsx'

/** A provider as people call it: services by their own name, the others in the person's language. */
export function useProviderName(): (provider: { readonly id: string; readonly name: string }) => string {
  const { t } = useText()
  return ({ id, name }) => {
    switch (id) {
      case 'practice':
        return t('providers.practice')
      case 'openai-compatible':
        return t('providers.choose.openAiServer')
      case 'anthropic-compatible':
        return t('providers.choose.anthropicServer')
      default:
        return name
    }
  }
}
