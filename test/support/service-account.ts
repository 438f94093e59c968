import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'

/** A Google service account as a test makes it: its key file, and whether a statement was signed with it. */
export interface ServiceAccount {
  readonly file: string // JSON, in lines, as Google gives it
  /** The header and the claims of a statement signed by this account; undefined for any other. */
  read(assertion: string): { header: Record<string, unknown>; claims: Record<string, unknown> } | undefined
}

export function newServiceAccount(change: Readonly<Record<string, unknown>> = {}): ServiceAccount {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const file = {
    type: 'service_account',
    project_id: 'my-project',
    private_key_id: '0123456789abcdef',
    private_key: privateKey,
    client_email: 'latchkey@my-project.iam.gserviceaccount.com',
    client_id: '1234567890',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: 'https://oauth2.googleapis.com/token',
    universe_domain: 'googleapis.com',
    ...change,
  }
  const part = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>
  return {
    file: JSON.stringify(file, null, 2),
    read(assertion) {
      const [header = '', claims = '', signature = ''] = assertion.split('.')
      const isGood = verify(
        'RSA-SHA256',
        Buffer.from(`${header}.${claims}`),
        createPublicKey(publicKey),
        Buffer.from(signature, 'base64url'),
      )
      return isGood ? { header: part(header), claims: part(claims) } : undefined
    },
  }
}
