/** Whether a text is a GTIN-8, -12, -13 or -14 (EAN, UPC) with a right check digit (GS1 General Specifications 7.9). */
export function isGtin(text: string): boolean {
  const digits = text.replace(/^'/, '').replaceAll(/[\s-]/g, '')
  if (!/^(?:\d{8}|\d{12,14})$/.test(digits) || /^0+$/.test(digits)) return false
  const weighted = Array.from(digits)
    .toReversed()
    .map((digit, place) => Number(digit) * (place % 2 === 0 ? 1 : 3))
  return weighted.reduce((sum, digit) => sum + digit, 0) % 10 === 0
}
