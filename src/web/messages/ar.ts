/** All areas in one file of the build, loaded when the language is chosen. */
export const messages = import.meta.glob<object>('./*.ar.json', { eager: true, import: 'default' })
