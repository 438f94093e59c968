import { aFlag, anId, searchOf } from '../../support/search.ts'

/** What the address of the Gateway says: the virtual key or the call that is open, and that a key is being made. */
export const gatewaySearch = searchOf({ key: anId, call: anId, make: aFlag })
