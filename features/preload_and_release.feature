Feature: Preload and release
  A session can load datasets once and keep them, for later runs to read from memory:
  a model, a price list. What is kept in this way is called an artifact.

  Background:
    Given a project with these nodes
      | pipeline   | node          | reads                      | writes   |
      | billing    | price_orders  | orders, prices, params:vat | invoices |
      | billing    | sum_up        | invoices                   | turnover |
      | billing    | sign_receipt  | invoices                   | receipt  |
      | purchasing | import_prices | price_list                 | prices   |
      | doubling   | double_prices | prices                     | doubled  |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders_${runtime_params:day, monday}.csv

      prices:
        type: pickle.PickleDataset
        filepath: data/prices.pkl

      price_list:
        type: pandas.CSVDataset
        filepath: data/price_list.csv
      """
    And the file "conf/base/parameters.yml" contains
      """
      vat: 0
      """
    And the file "data/orders_monday.csv" contains
      | item  | quantity |
      | apple | 2        |
    And the file "data/prices.pkl" contains
      | item  | price |
      | apple | 10    |
    And the file "data/price_list.csv" contains
      | item  | price |
      | apple | 15    |
    And a session

  Scenario: An artifact is loaded once
    When the session preloads: prices
    And "billing" runs 3 times
    Then the output "turnover" is 20
    And the file "data/prices.pkl" was read 1 time
    And the file "data/orders_monday.csv" was read 3 times

  Scenario: Runs need the file no more
    Given the session preloads: prices
    When the file "data/prices.pkl" is deleted
    And "billing" runs
    Then the output "turnover" is 20

  Scenario: The session picks what is worth it
    It takes what the pipeline reads from storage: no parameters, and no orders, whose
    file depends on a runtime parameter.

    When the session preloads what is worth it for "billing"
    Then the artifacts are: prices

  Scenario: The cache tells what is in it
    Given the session preloads: prices, price_list
    When "billing" runs 2 times
    Then the cache lists
      | name       | type             | hits |
      | prices     | pandas.DataFrame | 2    |
      | price_list | pandas.DataFrame | 0    |
    And each artifact tells when it was loaded, and how long that took

  Scenario: All are preloaded or none
    Given the session preloads: prices
    And the file "data/price_list.csv" is deleted
    When preloading is tried: prices, price_list
    Then it fails with a DatasetError that says "price_list"
    And the artifacts are: prices
    When "billing" runs
    Then the output "turnover" is 20

  Scenario: A new model is swapped in while a run is under way
    Given the session preloads: prices
    And the run "early" of "billing" is under way
    When the file "data/prices.pkl" contains
      | item  | price |
      | apple | 11    |
    And the session preloads: prices
    And "billing" runs with
      """
      run_id: late
      """
    And the run "early" goes on and ends
    Then the receipts are
      | run_id | receipt   |
      | early  | early: 20 |
      | late   | late: 22  |
    And the file "data/prices.pkl" was read 2 times

  Scenario Outline: A run that asks for other prices does not get the cached ones
    Given the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders_monday.csv

      prices:
        type: pandas.CSVDataset
        filepath: data/${runtime_params:season, summer}.csv
        versioned: true
      """
    And the file "data/summer.csv/2025/summer.csv" contains
      | item  | price |
      | apple | 1     |
    And the file "data/summer.csv/2026/summer.csv" contains
      | item  | price |
      | apple | 2     |
    And the file "data/winter.csv/2026/winter.csv" contains
      | item  | price |
      | apple | 3     |
    And the session preloads: prices
    When "billing" runs with
      """
      <argument>
      """
    Then the output "turnover" is <turnover>
    And the artifact "prices" has 0 hits
    When "billing" runs
    Then the output "turnover" is 4
    And the artifact "prices" has 1 hit
    And the file "data/summer.csv/2026/summer.csv" was read 1 time

    Examples:
      | argument                                          | turnover |
      | runtime_params: {season: winter}                  | 6        |
      | load_versions: {prices: "2025"}                   | 2        |
      | runtime_data: {prices: [{item: apple, price: 4}]} | 8        |

  Scenario: A run that does not touch what an artifact depends on uses it
    Given the file "data/orders_friday.csv" contains
      | item  | quantity |
      | apple | 5        |
    And the session preloads: prices
    When "billing" runs with
      """
      runtime_params: {day: friday, vat: 50}
      """
    Then the output "turnover" is 75
    And the artifact "prices" has 1 hit

  Scenario: What a run saves is read again, once
    Given the session preloads: prices
    When "purchasing" runs
    And runs of "billing" overlap in threads with
      | run_id | runtime_params |
      | one    | {}             |
      | two    | {vat: 100}     |
      | three  | {}             |
      | four   | {vat: 100}     |
    Then the receipts are
      | run_id | receipt   |
      | one    | one: 30   |
      | two    | two: 60   |
      | three  | three: 30 |
      | four   | four: 60  |
    And the file "data/prices.pkl" was read 2 times

  Scenario Outline: The copy mode says whether runs share an artifact
    The node doubles the prices in the table that it is given.

    Given the session preloads, with the copy mode "<copy_mode>": prices
    When "doubling" runs
    Then the output "doubled" is 20
    When "doubling" runs
    Then the output "doubled" is <again>
    And the file "data/prices.pkl" was read 1 time

    Examples:
      | copy_mode | again |
      | assign    | 40    |
      | copy      | 20    |
      | deepcopy  | 20    |

  Scenario: Releasing an artifact frees its memory
    Given the session preloads: prices
    And "billing" runs 2 times
    Then of 1 loaded "prices", 1 is in memory
    When the session releases: prices
    Then of 1 loaded "prices", none is in memory
    And the artifacts are: none
    When "billing" runs
    Then the output "turnover" is 20
    And the file "data/prices.pkl" was read 2 times

  Scenario: A run under way keeps what it began with
    Given the session preloads: prices
    And "billing" runs
    And the run "early" of "billing" is under way
    And the file "data/prices.pkl" is deleted
    When the session releases everything
    Then of 1 loaded "prices", 1 is in memory
    When the run "early" goes on and ends
    Then the output "receipt" is "early: 20"
    And of 1 loaded "prices", none is in memory

  Scenario: Only the named artifacts are released
    Given the session preloads: prices, price_list
    When the session releases: price_list
    Then the artifacts are: prices

  Scenario: Closing the session releases the cache
    Given the session preloads: prices
    And "billing" runs
    When the session is closed
    Then the artifacts are: none
    And of 1 loaded "prices", none is in memory
