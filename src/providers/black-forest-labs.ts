import { objectOf } from '../base/json.ts'
import { blackForestLabs } from './protocols/black-forest-labs.ts'
import type { CheckedKey, Provider } from './provider.ts'

/** Black Forest Labs, the makers of FLUX. @see https://docs.bfl.ai, https://github.com/black-forest-labs/skills, read 2026-11-20 */
export const bfl: Provider = {
  id: 'bfl',
  name: 'Black Forest Labs',
  baseUrl: 'https://api.bfl.ai/v1',
  regions: [
    { region: 'eu', baseUrl: 'https://api.eu.bfl.ai/v1' },
    { region: 'us', baseUrl: 'https://api.us.bfl.ai/v1' },
  ],
  pages: {
    keys: 'https://dashboard.bfl.ai',
    usage: 'https://dashboard.bfl.ai',
    prices: 'https://docs.bfl.ai/quick_start/pricing',
    docs: 'https://docs.bfl.ai',
  },
  keyHint: 'bfl_…',
  keyHeader: { name: 'x-key', prefix: '' },
  key: 'required',
  checkKey: { method: 'GET', path: '/credits', read: readCredits },
  images: {
    protocol: blackForestLabs,
    path: (model) => `/${encodeURIComponent(model)}`,
    form: 'bfl',
    imagesAtMost: 1,
    takes: ['size', 'format', 'seed'],
    references: { as: 'input_image', imagesAtMost: 8 },
    hosts: ['*.bfl.ai'], // where a job is asked for (api.eu2.bfl.ai), and where its image lies (delivery-eu1.bfl.ai)
  },
  checkedOn: '2026-11-20',
  notes: [
    'Each answer says what the image costs, in credits of one US cent: that counts, and the price book is only compared with it. Whether an image that its rules stop is charged, it does not say: such a cost is unknown.',
    'Where a job is asked for is another host than where it was sent; asking there needs no key, and none is sent.',
    'Width and height are multiples of 16, up to 4 megapixels. At most 24 jobs run at once.',
    'A job cannot be cancelled.',
  ],
  triedAgainst: 'a mock of its documented interface',
}

function readCredits(body: unknown): CheckedKey {
  const credits = objectOf(body)?.['credits']
  if (typeof credits !== 'number') return 'elsewhere'
  return credits > 0 ? 'ok' : 'no_credit'
}
