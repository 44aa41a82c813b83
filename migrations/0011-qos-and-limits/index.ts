import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Which qualities of service a storage element can be asked for, and how many transfers at once; and
 * the record of changes forgets secrets.
 */
const statements = `
CREATE TABLE rse_qos_policies (
  rse_id int NOT NULL REFERENCES rses,
  policy text COLLATE "C" NOT NULL CHECK (length(policy) BETWEEN 1 AND 64),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (rse_id, policy)
);

CREATE TABLE transfer_limits (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Null: all activities together.
  activity smallint,
  direction "char" NOT NULL CHECK (direction IN ('S', 'D')),
  -- Transfers at once at each RSE of the expression. Null: no bound.
  max_transfers int CHECK (max_transfers >= 0),
  -- What a throttler of Rucio's would read; kept and shown.
  volume bigint,
  deadline int,
  strategy text,
  transfers int,
  waitings int,
  uid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  rse_expression text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (rse_expression, activity, direction)
);

-- Secrets that earlier versions wrote into the record of changes.
UPDATE audit SET change = jsonb_build_object('value', '***')
 WHERE action = 'config.set'
   AND (subject ~* 'secret|passw|private_?key|credential|token$|api_?key|access_?key'
        OR change ->> 'value' ~ '//[^/\\s@]*:[^/\\s@]+@');
`;

export class QosAndLimits1796083200000 implements MigrationInterface {
  readonly name = 'QosAndLimits1796083200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rse_qos_policies; DROP TABLE transfer_limits');
  }
}
