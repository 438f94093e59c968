/** Standards, certificates and named technologies in texts: "IP67", "USB 3.0", "EN 60950-1", "802.11ac", "Energy Star". */

export interface StandardMention {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Names it can have in the product's data, squashed: any one of them will do. */
  readonly names: readonly string[]
  /** Must stand as a word of its own in capitals: CE, UL ... */
  readonly wholeWord: boolean
}

const BODY = '(?:DIN|BS|NF|EN|ISO|IEC|ANSI|ASTM|UL|JIS|VDE|CSA|EIA|TIA|OHSAS|NFPA|ETSI|CISPR|MIL|STD|NEMA|RFC|AS|NZS)'

// One alternation, so that a text is scanned once. Order matters: the longest form first.
const PATTERN = new RegExp(
  [
    String.raw`(?<ieee>(?:IEEE[ -]?)?802\.\d{1,2}[a-z]{0,2}(?:\/[a-z]{1,2}(?![a-z0-9]))*)`,
    String.raw`(?<body>${BODY}(?:[ /-]+${BODY})*[ -]?[A-Z]?\d[\d.-]*(?::\d{4})?[A-Z]?(?:\+A\d+)*)`,
    String.raw`(?<code>IP[ -]?[0-6X][0-9X]K?|IK[ -]?(?:0\d|10)|USB[ -]?(?:Type[ -]?[ABC](?![a-z])|[ABC](?![a-z])|\d(?:\.\d)?(?![.,]?\d)(?:[ -]?Gen[ -]?\d(?:x\d)?)?)|(?:Micro|Mini)[ -]?USB|(?:HDMI|DisplayPort|Bluetooth|Thunderbolt|HDCP|PCI ?e|PCI Express|SATA|TPM|WPA|OpenGL ES|OpenGL|DirectX|DDR|LPDDR|Cat\.?|Category|Wi-?Fi|WLAN|Energy Star|NVMe|eMMC|TLS)(?:[ -]?(?:v|ver\.?|version)?[ -]?\d(?:\.\d{1,2})?[a-z]?(?![.,]?\d|[a-z]))|(?:RS|RJ|MPEG|AES|HDR|H)(?:[ .-]?\d{1,4}(?:\.\d)?)|80 ?PLUS(?: (?:Bronze|Silver|Gold|Platinum|Titanium))?)`,
    String.raw`(?<name>Energy Star|EPEAT|RoHS|T(?:Ü|U|UE)V|ATEX|UKCA|WEEE|Blue ?Angel|Bluetooth|Thunderbolt|DisplayPort|HDMI|NFC|Wi-?Fi|WLAN|Miracast|AirPrint|DLNA|GPS|USB|AirPlay|Chromecast|PoE)`,
    String.raw`(?<mark>CE|FCC|UL|cUL|GS|REACH|CCC|VCCI|TCO|FSC|BIS|KC|PSE)`,
  ]
    .map((part) => `(?:${part})`)
    .join('|')
    .replace(/^/, String.raw`(?<![\p{L}\p{N}.])(?:`)
    .concat(String.raw`)(?![\p{L}\p{N}])`),
  'giu',
)

/** Other names of the same thing, squashed as `squash` does. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  WIFI: ['WLAN', 'WIRELESSLAN', '802.11', 'WIFI', 'WIRELESS'],
  WLAN: ['WIFI', 'WIRELESSLAN', '802.11', 'WIRELESS'],
  WIFI4: ['802.11N'],
  WIFI5: ['802.11AC'],
  WIFI6: ['802.11AX'],
  WIFI6E: ['802.11AX'],
  WIFI7: ['802.11BE'],
  POE: ['POWEROVERETHERNET', '802.3AF', '802.3AT'],
  TUV: ['TÜV', 'TUEV'],
  TÜV: ['TUV', 'TUEV'],
  PCIE: ['PCIEXPRESS'],
  GPS: ['GLOBALPOSITIONING'],
  NFC: ['NEARFIELD'],
}

/** Upper case without spaces, hyphens and underscores: "Wi-Fi 6" and "wifi_6" are one. */
export const squash = (text: string): string => text.toUpperCase().replace(/[\s_-]+/g, '')

/** Every standard that a text mentions. */
export function standardsIn(text: string): StandardMention[] {
  const mentions: StandardMention[] = []
  for (const match of text.matchAll(PATTERN)) {
    const groups = match.groups as Record<string, string | undefined>
    const whole = match[0].replace(/[.-]+$/, '')
    const span = { start: match.index, end: match.index + whole.length }
    if (groups['ieee'] !== undefined) {
      for (const name of wirelessNames(whole)) mentions.push({ ...span, text: whole, names: [name], wholeWord: false })
    } else if (groups['body'] !== undefined) {
      // Bodies are written in capitals; "en 60 minutes" and "as 5" are words.
      if (!/^[A-Z]/.test(whole) || /^[A-Z]+/.exec(whole)![0] !== /^[A-Za-z]+/.exec(whole)![0]) continue
      mentions.push({ ...span, text: whole, names: bodyNames(whole), wholeWord: false })
    } else if (groups['mark'] !== undefined) {
      if (whole !== whole.toUpperCase() && whole !== 'cUL') continue
      mentions.push({ ...span, text: whole, names: [squash(whole)], wholeWord: true })
    } else mentions.push({ ...span, text: whole, names: codeNames(whole), wholeWord: false })
  }
  return mentions
}

/** "802.11b/g/n" -> 802.11B, 802.11G, 802.11N. */
function wirelessNames(text: string): string[] {
  const [, base, letters] = /(802\.\d{1,2})(.*)$/i.exec(text)!
  const parts = letters!.split('/').filter(Boolean)
  return parts.length === 0 ? [base!] : parts.map((part) => `${base}${part.toUpperCase()}`)
}

/** "DIN EN ISO 9001:2015" -> ISO9001, ENISO9001, DINENISO9001, EN9001 ...: a source that names one of the bodies will do. */
function bodyNames(text: string): string[] {
  const [, bodies, number] = /^(.*?)([A-Z]?\d.*)$/.exec(text)!
  const bare = number!
    .replace(/:\d{4}.*$/, '')
    .replace(/\+A\d+/g, '')
    .replace(/[-.]$/, '')
  const last = bodies!.split(/[ /-]+/).filter(Boolean)
  // A paper size: the data may leave DIN out.
  if (/^A\d$/.test(bare)) return [bare]
  return [...new Set([squash(`${bodies}${bare}`), ...last.map((body) => squash(`${body}${bare}`))])]
}

function codeNames(text: string): string[] {
  const plain = squash(text.replace(/[ -]*(?:ver\.?|version|v)[ -]*(?=\d)/i, ' '))
    .replace(/^CATEGORY|^CAT\./, 'CAT')
    .replace(/^PCIEXPRESS/, 'PCIE')
    .replace('TYPE', '')
  const names = new Set([plain])
  if (/\d\.0$/.test(plain)) names.add(plain.slice(0, -2))
  else if (/[A-Z]\d$/.test(plain)) names.add(`${plain}.0`)
  if (/^USB[ABC]$/.test(plain)) names.add(`USBTYPE${plain[3]}`)
  if (plain.startsWith('CAT')) names.add(plain.replace('CAT', 'CATEGORY'))
  if (plain.startsWith('PCIE')) names.add(plain.replace('PCIE', 'PCIEXPRESS'))
  for (const other of SAME[plain] ?? []) names.add(other)
  return [...names]
}
