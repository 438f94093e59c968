import { ImageOff, Package } from 'lucide-react'
import { useState } from 'react'
import type { PictureView } from '../../../contract/catalogue.ts'
import { cx } from '../../support/cx.ts'

/** A product's picture, small. Those on other hosts are not loaded: nobody there learns who looks at what. */
export function Thumbnail({ picture }: { picture: PictureView | null }) {
  const [failed, setFailed] = useState(false)
  const own = picture !== null && picture.host === null && !failed
  return (
    <span
      className={cx(
        'flex size-8 shrink-0 items-center justify-center overflow-hidden rounded-md border border-line bg-sunken text-ink-3 max-md:size-12',
      )}
    >
      {own ? (
        <img
          src={picture.url}
          alt=""
          loading="lazy"
          width={48}
          height={48}
          className="size-full object-cover"
          onError={() => setFailed(true)}
        />
      ) : picture === null ? (
        <Package aria-hidden className="size-4" />
      ) : (
        <ImageOff aria-hidden className="size-4" />
      )}
    </span>
  )
}
