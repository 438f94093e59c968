/** Stands in the built page where the server puts the nonce of each answer. */
export const NONCE_PLACEHOLDER = '__LATCHKEY_NONCE__'
