import { expect, test } from 'vitest';

import { countersIn } from '../../../src/api/console/activity-routes.ts';
import { csv } from '../../../src/api/console/reports.ts';

test('cells are quoted as RFC 4180 says, and no cell is a formula', () => {
  const rows = [
    ['plain', 'a,b', 'a "quoted" word', 'two\r\nlines', undefined, 7],
    ['=1+1', '@SUM(A1)', '-2', '+HYPERLINK("x")', '\tx', '+41793026727'],
  ];
  expect(csv(rows)).toBe(
    'plain,"a,b","a ""quoted"" word","two\r\nlines",,7\r\n' +
      `'=1+1,'@SUM(A1),'-2,"'+HYPERLINK(""x"")",'\tx,+41793026727\r\n`,
  );
});

test('counters are read from the metrics page, those of one word together', () => {
  const page = [
    '# TYPE saypin_sends_limited_total counter',
    'saypin_sends_limited_total{limit="number"} 3',
    'saypin_requests_shed_total{kind="send",reason="busy"} 2',
    'saypin_requests_shed_total{kind="verify",reason="busy"} 5',
    'saypin_sends_total{what="pin",channel="sms",carrier="acme"} 9',
    'saypin_live_calls 4',
  ].join('\n');
  expect(countersIn(page)).toEqual({
    saypin_sends_limited_total: { number: 3 },
    saypin_requests_shed_total: { busy: 7 },
  });
});
