export { createLoopLag, type LoopLag } from './loop-lag.ts';
export { noMetrics, type Gauges, type Metrics, type MetricsPage, type StoreBacklog } from './metrics.ts';
export { createMetrics, type PrometheusMetrics } from './prometheus.ts';
