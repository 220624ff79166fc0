import { Gauge } from 'prom-client'
import { findPoolUse } from '#lib/platform/db/db.ts'
import { metricGroup } from './metric-registry.ts'

export const databaseMetrics = metricGroup('database', (registers) => ({
  connections: new Gauge({
    name: 'switchboard_database_connections',
    help: 'Connections of this process’s pool: in use, idle, and requests that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(findPoolUse())) this.set({ state }, count)
    },
  }),
}))
