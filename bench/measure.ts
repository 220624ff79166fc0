const WARM_UP = 5

/**
 * The median (ms) of each probe over `rounds`. The probes take turns, so that a disturbance affects
 * all of them. Warm-up rounds do not count.
 */
export async function measure<Probes extends (() => Promise<number>)[]>(
  rounds: number,
  probes: [...Probes],
): Promise<{ [P in keyof Probes]: number }> {
  const times = probes.map((): number[] => [])
  for (let round = -WARM_UP; round < rounds; round += 1) {
    for (const [index, probe] of probes.entries()) {
      const took = await probe()
      if (round >= 0) times[index]?.push(took)
    }
  }
  return times.map(median) as { [P in keyof Probes]: number }
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
