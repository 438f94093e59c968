import { falQueue } from './protocols/fal-queue.ts'
import type { Provider } from './provider.ts'

/** fal.ai: many image models behind one queue. @see https://docs.fal.ai/documentation/model-apis/inference/queue, read 2026-11-20 */
export const fal: Provider = {
  id: 'fal',
  name: 'fal.ai',
  baseUrl: 'https://queue.fal.run',
  pages: {
    keys: 'https://fal.ai/dashboard/keys',
    usage: 'https://fal.ai/dashboard/usage-billing',
    limits: 'https://docs.fal.ai/documentation/model-apis/concurrency-limits',
    prices: 'https://fal.ai/pricing',
    docs: 'https://docs.fal.ai/documentation/model-apis/inference/queue',
  },
  keyHint: '…:…, an id and a secret',
  keyHeader: { name: 'authorization', prefix: 'Key ' },
  key: 'required',
  // What fal offers for this is at another host, where the key does not go: a job that never was is asked for instead.
  checkKey: {
    method: 'GET',
    path: '/fal-ai/flux-2-max/requests/00000000-0000-4000-8000-000000000000',
    read: () => 'elsewhere', // there is none, and so it says
    proves: 'refusal',
  },
  images: {
    protocol: falQueue,
    path: pathOfModel,
    form: 'fal-queue',
    imagesAtMost: 1,
    takes: ['size', 'format', 'seed'],
    references: { path: (model) => pathOfModel(model.endsWith('/edit') ? model : `${model}/edit`), as: 'image_urls', imagesAtMost: 10 },
    hosts: ['fal.media', '*.fal.media'],
  },
  checkedOn: '2026-11-20',
  notes: [
    'A model’s name is its path there: fal-ai/flux-2-max. An image that is made from others is asked for at the same name with /edit.',
    'Its answers say no cost: it is counted from the images, each rounded up to whole megapixels, those that go in included. Models whose prices are not in the price book have an unknown cost.',
    'What fal offers to test a key is at another host than calls are, and a key goes to one host alone. So a job is asked for that never was: a wrong key is refused, of a good one is only learned that it was not.',
    'A call that is cancelled here is cancelled there too; what was begun may be charged.',
    'The addresses of its images are public to whoever knows them: Latchkey downloads them at once and hands none on.',
  ],
  triedAgainst: 'a mock of its documented interface',
}

/** A model's name is a path of its own. */
function pathOfModel(model: string): string {
  return `/${model.split('/').map(encodeURIComponent).join('/')}`
}
