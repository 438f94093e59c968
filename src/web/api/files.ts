import type { RouteAnswer, RouteArguments, RouteContract } from '../../contract/route.ts'
import { addressOf, noteSignedOut, ownHeaders, type CallArguments } from './call.ts'
import { ApiProblem, offline } from './problem.ts'

/**
 * Sends a file's bytes to a route with `takesBytes`. `onProgress` hears bytes sent; only XMLHttpRequest tells them.
 * @throws ApiProblem, and the signal's reason when it aborted.
 */
export function uploadBytes<const Route extends RouteContract>(
  route: Route,
  args: RouteArguments<Route>,
  { file, onProgress, signal }: { file: Blob; onProgress?: (sentBytes: number) => void; signal?: AbortSignal },
): Promise<RouteAnswer<Route>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(route.method.toUpperCase(), addressOf(route, args))
    const headers = { ...ownHeaders(), accept: 'application/json', 'content-type': 'application/octet-stream' }
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', (event) => onProgress?.(event.loaded))
    request.addEventListener('load', () => {
      const body = parse(request.responseText)
      if (request.status >= 200 && request.status < 300) return resolve(body as RouteAnswer<Route>)
      const problem = new ApiProblem({ code: 'unexpected', detail: '', ...(body as object | undefined), status: request.status })
      noteSignedOut(problem)
      reject(problem)
    })
    request.addEventListener('error', () => reject(offline()))
    request.addEventListener('abort', () => reject(signal?.reason instanceof Error ? signal.reason : offline()))
    signal?.addEventListener('abort', () => request.abort())
    request.send(file)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Hands a route with `gives: 'file'` to the browser's own download, which shows progress and never holds the file in memory. */
export function downloadFile<const Route extends RouteContract>(route: Route, ...[args]: CallArguments<Route>): void {
  const link = document.createElement('a')
  link.href = addressOf(route, args)
  link.download = ''
  link.click()
}
