-- title: A seeded random sample of a population
-- question: Which resources are a random sample of the newest census's buckets or keys, and of how many?
--   The same seed and census give the same sample, so that another can draw it again: resources are
--   ordered by the SHA-256 of seed, `/` and ARN. What was never listed cannot be drawn: the question `population`
--   says of how many accounts. AWS managed keys are among the keys.
-- parameter: population, buckets|keys, default buckets: What is drawn from.
-- parameter: size, integer, default 25: Resources to draw.
-- parameter: seed, text, default 1: What the draw starts from; let another person choose it.
-- columns: number, population_size, account_id, region, resource_arn, encryption_or_rotation, observed_at, run_id
WITH population AS (
    SELECT run_id, account_id, region, bucket_arn AS resource_arn, encryption AS encryption_or_rotation,
        observed_at
    FROM buckets_latest
    WHERE ${population} = 'buckets'
    UNION ALL
    SELECT run_id, account_id, region, key_arn AS resource_arn, rotation AS encryption_or_rotation, observed_at
    FROM keys_latest
    WHERE ${population} = 'keys'
),
drawn AS (
    SELECT row_number() OVER (
            ORDER BY sha256(to_utf8(${seed} || '/' || resource_arn)) ASC NULLS LAST, account_id ASC NULLS LAST
        ) AS number,
        count(*) OVER () AS population_size, account_id, region, resource_arn, encryption_or_rotation,
        observed_at, run_id
    FROM population
)
SELECT number, population_size, account_id, region, resource_arn, encryption_or_rotation, observed_at, run_id
FROM drawn
WHERE number <= ${size}
ORDER BY number ASC NULLS LAST
