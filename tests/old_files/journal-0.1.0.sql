PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO facts VALUES('format','1');
INSERT INTO facts VALUES('candidates','20 cells 9c11075a350d8053');
INSERT INTO facts VALUES('better','higher');
CREATE TABLE events (
    id INTEGER PRIMARY KEY, time REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, cell TEXT NOT NULL,
    score REAL, note TEXT NOT NULL, worker TEXT NOT NULL);
INSERT INTO events VALUES(1,1796087950.2506093978,'ask','5395ada4fba88a50952687c3e30f257e','{"operations": ["input", "skip", "none", "none", "avgpool3x3", "conv1x1", "conv1x1", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
INSERT INTO events VALUES(2,1796087950.2509179114,'ask','aaddb879369a3d2d9f676f0b4ff7f2d8','{"operations": ["input", "conv1x1", "conv1x1", "conv3x3", "none", "avgpool3x3", "conv1x1", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
INSERT INTO events VALUES(3,1796087950.2509868145,'ask','2c11b6144ec7b22e879e6bd803d17f1e','{"operations": ["input", "avgpool3x3", "avgpool3x3", "skip", "conv3x3", "conv1x1", "skip", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
INSERT INTO events VALUES(4,1796087950.2510318756,'ask','1f2fa36b50466b0d003bbaec9e057f1c','{"operations": ["input", "skip", "skip", "avgpool3x3", "none", "conv3x3", "avgpool3x3", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
INSERT INTO events VALUES(5,1796087950.2510664462,'ask','9e9db17c0040c624d128e3e1c6e78e39','{"operations": ["input", "skip", "none", "skip", "conv1x1", "conv1x1", "conv3x3", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
INSERT INTO events VALUES(6,1796087950.2729647159,'tell','5395ada4fba88a50952687c3e30f257e','{"operations": ["input", "skip", "none", "none", "avgpool3x3", "conv1x1", "conv1x1", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',90.0,'{}','');
INSERT INTO events VALUES(7,1796087950.2926511764,'tell','aaddb879369a3d2d9f676f0b4ff7f2d8','{"operations": ["input", "conv1x1", "conv1x1", "conv3x3", "none", "avgpool3x3", "conv1x1", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',91.0,'{}','');
INSERT INTO events VALUES(8,1796087950.3125476837,'tell','2c11b6144ec7b22e879e6bd803d17f1e','{"operations": ["input", "avgpool3x3", "avgpool3x3", "skip", "conv3x3", "conv1x1", "skip", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',92.0,'{}','');
INSERT INTO events VALUES(9,1796087950.3288476467,'fail','1f2fa36b50466b0d003bbaec9e057f1c','{"operations": ["input", "skip", "skip", "avgpool3x3", "none", "conv3x3", "avgpool3x3", "output"], "edges": [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 6], [3, 6], [4, 7], [5, 7], [6, 7]]}',NULL,'{}','');
CREATE TABLE workers (name TEXT PRIMARY KEY, seen REAL NOT NULL);
COMMIT;
