import type { Drawing } from './draw.ts'
import { area, circle, curve, ellipse, line, rect, shape, STEEL, WOOD } from './shapes.ts'

const LIGHT = '#ffe9a8'

const desk: Drawing = (paint, vary) => {
  const elbow = [86 + 20 * vary(1), 112 + 16 * vary(2)] as const
  const head = [142 + 14 * vary(3), 72 + 14 * vary(4)] as const
  return [
    ellipse({ x: 104, y: 208, rx: 40 + 8 * vary(5), ry: 8, fill: paint.dark }),
    rect({ x: 68, y: 198, w: 72, h: 10, r: 5, fill: paint.main }),
    line({ points: [[104, 198], elbow, head], width: 6, stroke: STEEL }),
    circle({ x: elbow[0], y: elbow[1], r: 6, fill: paint.dark }),
    shape(
      [
        [head[0] - 10, head[1] - 10],
        [head[0] + 12, head[1] - 14],
        [head[0] + 44, head[1] + 34],
        [head[0] - 20, head[1] + 44],
      ],
      paint.main,
    ),
    shape(
      [
        [head[0] + 12, head[1] - 14],
        [head[0] + 44, head[1] + 34],
        [head[0] + 24, head[1] + 38],
      ],
      paint.dark,
    ),
    ellipse({ x: head[0] + 12, y: head[1] + 44, rx: 24, ry: 6, fill: LIGHT }),
  ].join('')
}

const floor: Drawing = (paint, vary) => {
  const top = 34 + 14 * vary(1)
  const half = 34 + 12 * vary(2)
  const tripod = vary(3) > 0.5
  const foot = tripod
    ? line({
        points: [
          [120, top + 60],
          [88, 210],
        ],
        width: 5,
        stroke: WOOD,
      }) +
      line({
        points: [
          [120, top + 60],
          [152, 210],
        ],
        width: 5,
        stroke: WOOD,
      }) +
      line({
        points: [
          [120, top + 60],
          [122, 206],
        ],
        width: 5,
        stroke: STEEL,
      })
    : line({
        points: [
          [120, top + 50],
          [120, 206],
        ],
        width: 5,
        stroke: STEEL,
      }) + ellipse({ x: 120, y: 208, rx: 34, ry: 7, fill: STEEL })
  return [
    foot,
    shape(
      [
        [120 - half * 0.6, top],
        [120 + half * 0.6, top],
        [120 + half, top + 56],
        [120 - half, top + 56],
      ],
      paint.main,
    ),
    shape(
      [
        [120 + half * 0.3, top],
        [120 + half * 0.6, top],
        [120 + half, top + 56],
        [120 + half * 0.62, top + 56],
      ],
      paint.dark,
    ),
    ellipse({ x: 120, y: top + 58, rx: half, ry: 5, fill: LIGHT }),
  ].join('')
}

const pendant: Drawing = (paint, vary) => {
  const half = 50 + 26 * vary(1)
  const top = 84 + 22 * vary(2)
  const deep = 46 + 24 * vary(3)
  return [
    rect({ x: 106, y: 0, w: 28, h: 8, r: 3, fill: STEEL }),
    line({
      points: [
        [120, 6],
        [120, top],
      ],
      width: 3,
      stroke: STEEL,
    }),
    rect({ x: 112, y: top - 12, w: 16, h: 16, r: 3, fill: paint.dark }),
    area(
      `M ${120 - half} ${top + deep} Q ${120 - half} ${top} 120 ${top} Q ${120 + half} ${top} ${120 + half} ${top + deep} Z`,
      paint.main,
    ),
    area(
      `M 128 ${top} Q ${120 + half} ${top} ${120 + half} ${top + deep} L ${120 + half * 0.55} ${top + deep} Q ${120 + half * 0.5} ${top + 8} 128 ${top}`,
      paint.dark,
    ),
    curve({
      data: `M ${120 - half * 0.7} ${top + deep * 0.7} Q ${120 - half * 0.6} ${top + 14} 112 ${top + 8}`,
      width: 4,
      stroke: paint.light,
    }),
    ellipse({ x: 120, y: top + deep, rx: half, ry: 8, fill: LIGHT }),
  ].join('')
}

const globe: Drawing = (paint, vary) => {
  const r = 44 + 20 * vary(1)
  const y = 196 - r
  return [
    rect({ x: 92, y: 196, w: 56, h: 14, r: 5, fill: vary(2) > 0.5 ? WOOD : STEEL }),
    circle({ x: 120, y, r, fill: paint.main }),
    area(`M 120 ${y - r} A ${r} ${r} 0 0 1 120 ${y + r} A ${r * 0.7} ${r} 0 0 0 120 ${y - r}`, paint.dark),
    circle({ x: 120 - r * 0.3, y: y - r * 0.3, r: r * 0.3, fill: paint.light }),
    circle({ x: 120, y, r: r * 0.34, fill: LIGHT }),
    ...(vary(3) > 0.6
      ? [curve({ data: `M ${120 - r * 0.6} ${y - r * 0.9} Q 120 ${y - r * 1.9} ${120 + r * 0.6} ${y - r * 0.9}`, width: 4, stroke: STEEL })]
      : []),
  ].join('')
}

export const LAMPS: Readonly<Record<string, Drawing>> = { desk, floor, pendant, globe }
