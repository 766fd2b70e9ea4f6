ALTER TABLE activity DROP COLUMN fingerprint;
ALTER TABLE fixes DROP COLUMN fingerprint;
ALTER TABLE evidence DROP COLUMN fingerprint;
ALTER TABLE result DROP COLUMN fingerprint;
ALTER TABLE segment DROP COLUMN fingerprint;
ALTER TABLE passes DROP COLUMN fingerprint;
ALTER TABLE measured_way DROP COLUMN fingerprint;
ALTER TABLE answer DROP COLUMN fingerprint;
