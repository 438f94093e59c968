import type { Drawing } from './draw.ts'
import { circle, curve, ellipse, line, rect, shape, STEEL } from './shapes.ts'

const STRAP = '#3b3330'
const SHINE = '#e9edf0'

const pannier: Drawing = (paint, vary) => {
  const left = 72 - 8 * vary(1)
  const wide = 240 - 2 * left
  const top = 62 + 16 * vary(2)
  return [
    curve({ data: `M 96 ${top} Q 120 ${top - 34} 144 ${top}`, width: 6, stroke: STRAP }),
    rect({ x: left, y: top + 12, w: wide, h: 204 - top, r: 14, fill: paint.main }),
    rect({ x: left + wide * 0.72, y: top + 12, w: wide * 0.28, h: 204 - top, r: 14, fill: paint.dark }),
    rect({ x: left - 4, y: top, w: wide + 8, h: 26, r: 11, fill: paint.light }),
    ...(vary(3) > 0.4 ? [rect({ x: left + 14, y: 140, w: wide - 28, h: 46, r: 8, fill: paint.dark })] : []),
    rect({ x: left + 22, y: top + 20, w: 8, h: 74, r: 3, fill: STRAP }),
    rect({ x: 240 - left - 30, y: top + 20, w: 8, h: 74, r: 3, fill: STRAP }),
    rect({ x: 104, y: 196, w: 32, h: 6, r: 3, fill: SHINE }),
  ].join('')
}

const handlebar: Drawing = (paint, vary) => {
  const roll = vary(1) > 0.5
  const body = roll
    ? rect({ x: 40, y: 104, w: 160, h: 62, r: 30, fill: paint.main }) +
      ellipse({ x: 52, y: 135, rx: 12, ry: 31, fill: paint.dark }) +
      ellipse({ x: 188, y: 135, rx: 12, ry: 31, fill: paint.light })
    : rect({ x: 66, y: 94, w: 108, h: 100, r: 14, fill: paint.main }) +
      rect({ x: 62, y: 88, w: 116, h: 34, r: 10, fill: paint.light }) +
      rect({ x: 82, y: 136, w: 76, h: 44, r: 8, fill: paint.dark })
  return [
    line({
      points: [
        [26, 84 + 8 * vary(2)],
        [214, 84 + 8 * vary(2)],
      ],
      width: 8,
      stroke: STEEL,
    }),
    rect({ x: 22, y: 78, w: 26, h: 16, r: 7, fill: STRAP }),
    rect({ x: 192, y: 78, w: 26, h: 16, r: 7, fill: STRAP }),
    body,
    rect({ x: 92, y: 78, w: 9, h: roll ? 88 : 56, r: 3, fill: STRAP }),
    rect({ x: 139, y: 78, w: 9, h: roll ? 88 : 56, r: 3, fill: STRAP }),
    rect({ x: 106, y: roll ? 150 : 182, w: 28, h: 5, r: 2, fill: SHINE }),
  ].join('')
}

const saddle: Drawing = (paint, vary) => {
  const end = 196 - 40 * vary(1)
  return [
    shape(
      [
        [44, 76],
        [150, 66],
        [158, 78],
        [60, 92],
      ],
      '#2b2d31',
    ),
    line({
      points: [
        [74, 92],
        [96, 110],
        [140, 84],
      ],
      width: 4,
      stroke: STEEL,
    }),
    line({
      points: [
        [92, 92],
        [82, 206],
      ],
      width: 10,
      stroke: STEEL,
    }),
    shape(
      [
        [96, 108],
        [end, 96],
        [end + 14, 124],
        [end - 8, 150],
        [92, 170],
      ],
      paint.main,
    ),
    shape(
      [
        [96, 140],
        [end, 128],
        [end - 8, 150],
        [92, 170],
      ],
      paint.dark,
    ),
    line({
      points: [
        [118, 106],
        [114, 162],
      ],
      width: 6,
      stroke: STRAP,
    }),
    line({
      points: [
        [end - 22, 100],
        [end - 28, 152],
      ],
      width: 6,
      stroke: STRAP,
    }),
    circle({ x: end + 4, y: 124, r: 5, fill: '#d9463d' }),
  ].join('')
}

const frame: Drawing = (paint, vary) => {
  const drop = 128 + 22 * vary(1)
  return [
    circle({ x: 40, y: 178, r: 34, fill: '#00000012' }),
    circle({ x: 200, y: 178, r: 34, fill: '#00000012' }),
    line({
      points: [
        [70, 88],
        [184, 78],
        [132, 188],
        [76, 96],
      ],
      width: 9,
      stroke: STEEL,
    }),
    line({
      points: [
        [184, 78],
        [200, 178],
      ],
      width: 7,
      stroke: STEEL,
    }),
    line({
      points: [
        [132, 188],
        [40, 178],
        [76, 96],
      ],
      width: 6,
      stroke: STEEL,
    }),
    shape(
      [
        [88, 98],
        [168, 90],
        [152, 124],
        [118, drop],
        [100, 124],
      ],
      paint.main,
    ),
    line({
      points: [
        [98, 108],
        [154, 102],
      ],
      width: 4,
      stroke: paint.light,
    }),
    line({
      points: [
        [110, 90],
        [112, 104],
      ],
      width: 7,
      stroke: STRAP,
    }),
    line({
      points: [
        [148, 86],
        [148, 100],
      ],
      width: 7,
      stroke: STRAP,
    }),
  ].join('')
}

const basket: Drawing = (paint, vary) => {
  const top = 86 + 14 * vary(1)
  return [
    curve({ data: `M 88 ${top + 6} Q 96 ${top - 42} 112 ${top + 4}`, width: 6, stroke: STRAP }),
    curve({ data: `M 128 ${top + 4} Q 144 ${top - 42} 152 ${top + 6}`, width: 6, stroke: STRAP }),
    shape(
      [
        [64, top],
        [176, top],
        [164, 206],
        [76, 206],
      ],
      paint.main,
    ),
    shape(
      [
        [150, top],
        [176, top],
        [164, 206],
        [146, 206],
      ],
      paint.dark,
    ),
    rect({ x: 58, y: top - 6, w: 124, h: 18, r: 8, fill: paint.light }),
    ...[1, 2, 3].map((row) =>
      line({
        points: [
          [70 + row * 2, top + 24 + row * 22],
          [170 - row * 2, top + 24 + row * 22],
        ],
        width: 2,
        stroke: paint.dark,
      }),
    ),
    circle({ x: 120, y: top + 3, r: 4, fill: STRAP }),
  ].join('')
}

export const BAGS: Readonly<Record<string, Drawing>> = { pannier, handlebar, saddle, frame, basket }
