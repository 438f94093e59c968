/** Units of measure: how they are written in catalogues (en, de, fr, es, it, nl), what they measure, and how they convert. */

export interface Unit {
  /** One name per unit, whatever it is called in the text. */
  readonly name: string
  /** What it measures; units of one dimension convert. */
  readonly dimension: string
  /** How many of the dimension's base unit it is: an exact decimal. */
  readonly factor: string
  /** Sizes of memory are also counted in powers of 1,024. */
  readonly binaryFactor?: string
}

// dimension: name factor spelling spelling ...; spellings of one letter and those marked = count in this case only.
const TABLE = `
length: mm 1 mm millimeter millimeters millimetre millimetres millimètre millimètres milímetro milímetros millimetro millimetri
length: cm 10 cm centimeter centimeters centimetre centimetres zentimeter centimètre centimètres centímetro centímetros centimetro centimetri
length: dm 100 dm decimeter decimetre dezimeter
length: m 1000 m meter meters metre metres mètre mètres metro metros metri mtr
length: km 1000000 km kilometer kilometers kilometre kilometres kilomètre kilomètres kilómetro kilómetros chilometri
length: µm 0.001 μm um micrometer micrometers micron microns mikrometer
length: nm 0.000001 nm nanometer nanometers nanometre nanometres
length: inch 25.4 " '' inch inches zoll pouce pouces pulgada pulgadas pollice pollici in.
length: ft 304.8 ft feet foot pied pieds
length: yd 914.4 yd yard yards
mass: g 1 g gr gram grams gramm gramme grammes gramo gramos grammo grammi
mass: kg 1000 kg kgs kilo kilos kilogram kilograms kilogramm kilogramme kilogrammes kilogramo kilogramos chilogrammo chilogrammi
mass: mg 0.001 mg milligram milligrams milligramm milligramme milligrammes
mass: t 1000000 tonne tonnes tonnen
mass: lb 453.59237 lb lbs pound pounds livre libras libbre
mass: oz 28.349523125 oz ounce ounces unze unzen once onces onza onzas oncia once
volume: ml 1 ml milliliter milliliters millilitre millilitres mililitro mililitros millilitri
volume: cl 10 cl centiliter centilitre centilitres
volume: l 1000 l L liter liters litre litres litro litros litri ltr
volume: gal 3785.411784 gallon gallons gal
data: byte 0.000001 byte bytes octet octets
data: KB 0.001 0.0009765625 =kB =KB =Ko =ko kilobyte kilobytes kilooctets
data: MB 1 1 =MB =Mb =Mo megabyte megabytes mégaoctets
data: GB 1000 1024 =GB =Gb =Go gigabyte gigabytes gigaoctet gigaoctets
data: TB 1000000 1048576 =TB =Tb =To terabyte terabytes téraoctet téraoctets
bitrate: kbit/s 0.001 kbit/s kbits/s kbps kb/s
bitrate: Mbit/s 1 mbit/s mbits/s mbps =Mb/s =Mbit mbit
bitrate: Gbit/s 1000 gbit/s gbits/s gbps =Gb/s =Gbit gbit gigabit
byterate: MB/s 1 =MB/s =MBps =Mo/s
byterate: GB/s 1000 =GB/s =GBps =Go/s
frequency: Hz 0.000001 hz hertz
frequency: kHz 0.001 khz kilohertz
frequency: MHz 1 mhz megahertz mégahertz
frequency: GHz 1000 ghz gigahertz
power: W 1 W watt watts vatios w
power: mW 0.001 =mW milliwatt milliwatts
power: kW 1000 kw kilowatt kilowatts
power: MW 1000000 =MW megawatt
apparent: VA 1 =VA voltampere volt-ampere
apparent: kVA 1000 kva
voltage: V 1 V volt volts voltios vac vdc
voltage: mV 0.001 mv millivolt millivolts
voltage: kV 1000 kv kilovolt
current: A 1 A amp amps ampere amperes ampère ampères amperios
current: mA 0.001 =mA milliamp milliamps milliampere milliampères
charge: mAh 1 mah milliampere-hour
charge: Ah 1000 =Ah amperestunden
energy: Wh 1 =Wh wattstunden watt-hours
energy: kWh 1000 kwh kilowattstunden kilowatt-hours
temperature: °C 1 °C ºC celsius degc
fahrenheit: °F 1 °F ºF fahrenheit
kelvin: K 1 =K kelvin
angle: ° 1 ° º degrees degree grad degrés grados gradi graden
percent: % 1 % percent prozent pourcent procent
time: ms 0.001 ms millisecond milliseconds millisekunden millisecondes milisegundos millisecondi
time: s 1 s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondi
time: min 60 min mins minute minutes minuten minuto minutos minuti
time: h 3600 h hr hrs hour hours stunde stunden heure heures hora horas ora ore uur
days: day 1 day days tag tage jour jours día días giorno giorni dag dagen
days: week 7 week weeks woche wochen semaine semaines semana semanas settimana settimane
months: month 1 month months monat monate mois mes meses mese mesi maand maanden
months: year 12 year years yr yrs jahr jahre jahren an ans année années año años anno anni jaar
sound: dB 1 db dba db(a) decibel decibels dezibel
light: lm 1 lm lumen lumens ansi-lumen
luminance: cd/m2 1 cd/m2 cd/m² nit nits candela
illuminance: lx 1 lx lux
rotation: rpm 1 rpm u/min tr/min r/min
pages: ppm 1 ppm pages/min seiten/min
resolution: dpi 1 dpi ppi
pixels: px 1 px pixel pixels píxeles
pixels: MP 1000000 =MP =Mpx =Mpix =MPixel megapixel megapixels mégapixels megapíxeles
frames: fps 1 fps
pressure: bar 100000 bar
pressure: Pa 1 =Pa pascal
pressure: kPa 1000 kpa
pressure: MPa 1000000 =MPa
pressure: psi 6894.757293168 psi
resistance: Ω 1 Ω ohm ohms
resistance: kΩ 1000 kΩ kohm
area: mm2 1 mm2 mm²
area: cm2 100 cm2 cm²
area: m2 1000000 m2 m² sqm qm
cubic: m3 1 m3 m³
torque: Nm 1 =Nm
force: N 1 =N newton
heat: BTU 1 btu
dbi: dBi 1 dbi
money: $ 1 $ usd =US$ dollar dollars
pounds: £ 1 £ gbp
money-eur: € 1 € eur euro euros
`

const exact = new Map<string, Unit>()
const folded = new Map<string, Unit>()
const byDimension = new Map<string, string[]>()

for (const line of TABLE.trim().split('\n')) {
  const [dimension, rest] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]
  const [name, factor, ...spellings] = rest.split(' ') as [string, string, ...string[]]
  const binary = /^\d/.test(spellings[0] ?? '') ? spellings.shift() : undefined
  const unit: Unit = { name, dimension, factor, ...(binary === undefined ? {} : { binaryFactor: binary }) }
  byDimension.set(dimension, [...(byDimension.get(dimension) ?? []), name])
  for (const spelling of spellings) {
    if (spelling.startsWith('=')) exact.set(spelling.slice(1), unit)
    else if (Array.from(spelling).length === 1) exact.set(spelling, unit)
    else folded.set(spelling.toLowerCase(), unit)
  }
}

/** The unit that a spelling stands for. */
export function unitOf(spelling: string): Unit | undefined {
  return exact.get(spelling) ?? folded.get(spelling.toLowerCase())
}

/** The names of the units that convert into this one, itself among them; none for a spelling that is no unit. */
export const unitsLike = (spelling: string): readonly string[] => byDimension.get(unitOf(spelling)?.dimension ?? '') ?? []

/** Product of two non-negative exact decimals, in lowest form: ("3.46", "1000") -> "3460". */
export function multiplyDecimals(a: string, b: string): string {
  const [aWhole, aFraction = ''] = a.split('.') as [string, string?]
  const [bWhole, bFraction = ''] = b.split('.') as [string, string?]
  const scale = aFraction.length + bFraction.length
  const digits = (BigInt(aWhole + aFraction) * BigInt(bWhole + bFraction)).toString().padStart(scale + 1, '0')
  return lowestForm(digits.slice(0, digits.length - scale), digits.slice(digits.length - scale))
}

/** "007", "50" -> "7.5": no leading or trailing zeros. */
export function lowestForm(whole: string, fraction: string): string {
  const left = whole.replace(/^0+(?=\d)/, '') || '0'
  const right = fraction.replace(/0+$/, '')
  return right === '' ? left : `${left}.${right}`
}
