import type { Protocol } from './wire-protocol.ts'

/** The kinds of work that a provider can offer. */
export const OFFER_KINDS = ['chat', 'embeddings', 'images', 'translation'] as const
export type OfferKind = (typeof OFFER_KINDS)[number]

/** How a provider is asked for work of one kind. */
export interface Offer {
  readonly protocol: Protocol
  /** Joined to the base URL; made from the model's name where the protocol has it in the path. */
  readonly path: string | ((model: string) => string)
  /**
   * Hosts of the provider's own, besides the destination's, that its answers may name to be asked or downloaded from: without a
   * key. "*.example.com" is every host below that domain. An address at any other host is refused.
   */
  readonly hosts?: readonly string[]
}

/** How a provider is asked for chat. */
export interface ChatOffer extends Offer {
  /** Where streamed answers are asked for, where that is another path. */
  readonly streamPath?: (model: string) => string
  /** What builds and parses its bodies (calls/chat-model.ts): an AI SDK package, or our own for Ollama. */
  readonly sdk:
    | 'openai'
    | 'openai-responses'
    | 'anthropic'
    | 'mistral'
    | 'openai-compatible'
    | 'google'
    | 'cohere'
    | 'ollama'
    | 'amazon-bedrock'
  /** Answers can be bound to a JSON schema by the provider itself. */
  readonly jsonSchema: boolean
  /**
   * What `response_format` may say where a schema is refused: JSON of any form, or nothing at all; the schema then stands in
   * the prompt. Absent: the schema is sent. For the SDK 'openai-compatible'.
   */
  readonly responseFormat?: 'json_object' | 'none'
  /** The output limit's name where it is not `max_tokens`. For the SDK 'openai-compatible'. */
  readonly outputLimit?: 'max_completion_tokens'
  /** Parameters that every request carries. For the SDK 'openai-compatible'. */
  readonly parameters?: Readonly<Record<string, unknown>>
  /**
   * How a streamed answer comes by its usage: 'asked' with `stream_options.include_usage`, 'unasked' always. Absent: nobody
   * here knows.
   */
  readonly streamedUsage?: 'asked' | 'unasked'
}

/** How a provider is asked for embeddings: vectors that stand for texts. */
export interface EmbeddingsOffer extends Offer {
  /** How bodies are written and vectors are read (calls/embedding-forms.ts). */
  readonly form: EmbeddingForm
  /** The most texts that one request may hold; absent: it states no bound. */
  readonly textsAtMost?: number
  /** The most tokens that the texts of one request may have together; absent: it states no bound. */
  readonly tokensAtMost?: number
  /** The parameter that asks for a number of dimensions; absent: it is the model's own. */
  readonly dimensions?: string
  /** The parameter that says what texts are for, and its words; absent: it makes no difference. */
  readonly purpose?: { readonly parameter: string } & Readonly<Record<EmbeddingPurpose, string>>
  /** Parameters that every request carries: above all that no text is cut short in silence. */
  readonly parameters?: Readonly<Record<string, unknown>>
}

/** What a text is embedded for: to be found, or to find others. Many models make different vectors of the two. */
export type EmbeddingPurpose = 'document' | 'query'

/** The ways in which bodies of embeddings are written. */
export type EmbeddingForm =
  | 'openai'
  | 'cohere'
  | 'gemini'
  | 'ollama'
  | 'bedrock-titan'
  | 'bedrock-cohere'
  | 'bedrock-nova'
  | 'vertex-predict'

/** How a provider is asked for images. */
export interface ImagesOffer extends Offer {
  /**
   * How bodies are built and answers come (calls/image-forms.ts): 'openai-images' and 'gemini' at once, the others to be asked
   * for until they are ready.
   */
  readonly form: 'openai-images' | 'gemini' | 'fal-queue' | 'bfl'
  /** The most images that one request makes. */
  readonly imagesAtMost: number
  /** What may be asked for besides the prompt and the number; anything else is refused, never left out in silence. */
  readonly takes: readonly ImageChoice[]
  /** Images that go in; absent: none. `path` where that is another one than for images from words alone. */
  readonly references?: {
    readonly path?: Offer['path']
    /** How they are sent: as parts of a form, or as data URLs in the field of this name. */
    readonly as: 'multipart' | 'image' | 'image_url' | 'image_urls' | 'input_references' | 'input_image' | 'inlineData'
    readonly imagesAtMost: number
    /** A mask says which part of the first one is made anew. */
    readonly mask?: true
  }
  /** What `response_format` says, so that the images come inside the answer. Absent: it is not sent. For 'openai-images'. */
  readonly responseFormat?: 'b64_json' | 'base64'
  /** The size as two numbers, where it is not "1024x1024". For 'openai-images'. */
  readonly sizeAs?: 'width and height'
}

export type ImageChoice = 'size' | 'quality' | 'format' | 'background' | 'seed'

/** How a provider is asked for translations. */
export interface TranslationOffer extends Offer {
  /** The most texts, and bytes of body, that one request may hold. */
  readonly textsAtMost: number
  readonly bytesAtMost: number
  /** Where its languages are listed, free of charge. */
  readonly languages: { readonly path: string; readonly read: (body: unknown) => readonly OfferedLanguage[] | undefined }
}

/** A language that a provider translates, by its code (BCP 47). */
export interface OfferedLanguage {
  readonly code: string
  readonly name: string
  readonly isSource: boolean
  readonly isTarget: boolean
  /** Whether it can be told to write formally or informally; undefined: that is not said. */
  readonly hasFormality?: boolean
}
