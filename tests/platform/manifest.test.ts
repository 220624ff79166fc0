import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'

test('the manifest of the installed app names icons that are there, in the sizes that it says', async () => {
  const { icons, start_url, display } = JSON.parse(readFileSync('public/manifest.webmanifest', 'utf8'))
  expect({ start_url, display }).toEqual({ start_url: '/chat', display: 'standalone' })
  expect(icons.map(({ purpose }: { purpose?: string }) => purpose)).toContain('maskable')
  for (const { src, sizes } of icons) {
    // Next serves app/icon.svg at the root.
    const file = [path.join('public', src), path.join('app', src)].find(existsSync)
    const { width, height } = await sharp(file).metadata()
    if (sizes !== 'any') expect(`${width}x${height}`, src).toBe(sizes)
  }
})

test('a home screen gets an icon whose corners are filled, because the system rounds them itself', async () => {
  const icon = sharp('public/icons/apple-touch-icon.png')
  const { width, height } = await icon.metadata()
  expect([width, height]).toEqual([180, 180])
  const [, , , alpha] = await icon.ensureAlpha().raw().toBuffer()
  expect(alpha).toBe(255)
})
