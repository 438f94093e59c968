import type { Drawing } from './draw.ts'
import { area, circle, curve, line, rect, shape, STEEL, WOOD } from './shapes.ts'

const dining: Drawing = (paint, vary) => {
  const back = 58 + 18 * vary(1)
  const slats = 2 + Math.floor(3 * vary(2))
  const legs = vary(3) > 0.6 ? STEEL : paint.dark
  const gap = (132 - back) / (slats + 1)
  return [
    line({
      points: [
        [84, back],
        [88, 140],
        [82, 210],
      ],
      width: 7,
      stroke: legs,
    }),
    line({
      points: [
        [156, back],
        [152, 140],
        [158, 210],
      ],
      width: 7,
      stroke: legs,
    }),
    line({
      points: [
        [100, 146],
        [98, 204],
      ],
      width: 6,
      stroke: legs,
    }),
    line({
      points: [
        [140, 146],
        [142, 204],
      ],
      width: 6,
      stroke: legs,
    }),
    rect({ x: 80, y: back - 8, w: 80, h: 20 + 8 * vary(4), r: 8, fill: paint.main }),
    ...Array.from({ length: slats - 1 }, (_, index) =>
      rect({ x: 88, y: back + (index + 1) * gap + 8, w: 64, h: 7, r: 3, fill: paint.main }),
    ),
    shape(
      [
        [78, 140],
        [162, 140],
        [168, 152],
        [72, 152],
      ],
      paint.light,
    ),
    rect({ x: 70, y: 150, w: 100, h: 8, r: 3, fill: paint.main }),
  ].join('')
}

const stool: Drawing = (paint, vary) => {
  const top = 70 + 60 * vary(1)
  const spread = 26 + 12 * vary(2)
  return [
    line({
      points: [
        [104, top + 10],
        [120 - spread - 8, 210],
      ],
      width: 7,
      stroke: vary(3) > 0.5 ? STEEL : WOOD,
    }),
    line({
      points: [
        [136, top + 10],
        [120 + spread + 8, 210],
      ],
      width: 7,
      stroke: vary(3) > 0.5 ? STEEL : WOOD,
    }),
    line({
      points: [
        [112, top + 10],
        [110, 204],
      ],
      width: 5,
      stroke: paint.dark,
    }),
    line({
      points: [
        [128, top + 10],
        [130, 204],
      ],
      width: 5,
      stroke: paint.dark,
    }),
    line({
      points: [
        [120 - spread, 176],
        [120 + spread, 176],
      ],
      width: 5,
      stroke: STEEL,
    }),
    rect({ x: 78, y: top, w: 84, h: 14 + 8 * vary(4), r: 7, fill: paint.main }),
    rect({ x: 78, y: top, w: 84, h: 6, r: 3, fill: paint.light }),
  ].join('')
}

const arm: Drawing = (paint, vary) => {
  const back = 66 + 20 * vary(1)
  const wide = 54 + 10 * vary(2)
  return [
    line({
      points: [
        [120 - wide + 8, 186],
        [120 - wide, 210],
      ],
      width: 7,
      stroke: WOOD,
    }),
    line({
      points: [
        [120 + wide - 8, 186],
        [120 + wide, 210],
      ],
      width: 7,
      stroke: WOOD,
    }),
    area(
      `M ${120 - wide + 10} 170 V ${back + 24} Q ${120 - wide + 10} ${back} 120 ${back} Q ${120 + wide - 10} ${back} ${120 + wide - 10} ${back + 24} V 170 Z`,
      paint.dark,
    ),
    rect({ x: 120 - wide + 14, y: 140, w: 2 * wide - 28, h: 30, r: 10, fill: paint.light }),
    rect({ x: 120 - wide - 8, y: 128, w: 28, h: 62, r: 13, fill: paint.main }),
    rect({ x: 120 + wide - 20, y: 128, w: 28, h: 62, r: 13, fill: paint.main }),
    rect({ x: 120 - wide, y: 164, w: 2 * wide, h: 24, r: 8, fill: paint.main }),
    ...(vary(3) > 0.5
      ? [circle({ x: 104, y: back + 36, r: 3, fill: paint.light }), circle({ x: 136, y: back + 36, r: 3, fill: paint.light })]
      : []),
    ...(vary(4) > 0.6 ? [curve({ data: `M ${120 - wide - 4} 212 Q 120 222 ${120 + wide + 4} 212`, width: 5, stroke: WOOD })] : []),
  ].join('')
}

const office: Drawing = (paint, vary) => {
  const back = 44 + 20 * vary(1)
  return [
    line({
      points: [
        [120, 160],
        [120, 190],
      ],
      width: 9,
      stroke: STEEL,
    }),
    line({
      points: [
        [80, 204],
        [120, 188],
        [160, 204],
      ],
      width: 7,
      stroke: STEEL,
    }),
    ...[80, 120, 160].map((x) => circle({ x, y: 208, r: 6, fill: '#2b2d31' })),
    rect({ x: 86, y: back, w: 68, h: 92 - 12 * vary(2), r: 20, fill: paint.main }),
    rect({ x: 94, y: back + 8, w: 22, h: 62, r: 10, fill: paint.light }),
    line({
      points: [
        [120, back + 80],
        [120, 150],
      ],
      width: 8,
      stroke: STEEL,
    }),
    ...(vary(3) > 0.3
      ? [
          line({
            points: [
              [78, 148],
              [72, 124],
              [88, 122],
            ],
            width: 6,
            stroke: paint.dark,
          }),
          line({
            points: [
              [162, 148],
              [168, 124],
              [152, 122],
            ],
            width: 6,
            stroke: paint.dark,
          }),
        ]
      : []),
    rect({ x: 74, y: 144, w: 92, h: 20, r: 9, fill: paint.dark }),
  ].join('')
}

export const CHAIRS: Readonly<Record<string, Drawing>> = { dining, stool, arm, office }
