Feature: Run ids
  Each run has an identifier: the caller's, or a generated one. Hooks, nodes and logs
  know the run by it, and all versioned datasets that the run saves are saved under it.

  Background:
    Given a project with these nodes
      | pipeline | node         | reads          | writes   |
      | billing  | price_orders | orders, prices | invoices |
      | billing  | sum_up       | invoices       | turnover |
      | billing  | sign_receipt | invoices       | receipt  |
      | archive  | show         | turnover       | archived |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders.csv

      prices:
        type: pandas.CSVDataset
        filepath: data/prices.csv

      invoices:
        type: pandas.CSVDataset
        filepath: data/invoices.csv
        save_args:
          index: false
        versioned: true

      turnover:
        type: json.JSONDataset
        filepath: data/turnover.json
        versioned: true
      """
    And the file "data/orders.csv" contains
      | item  | quantity |
      | apple | 2        |
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |
    And a session

  Scenario: A given run id is used as it is
    When "billing" runs with
      """
      run_id: order-42
      """
    Then the run id of the result is "order-42"
    And the output "receipt" is "order-42: 20"
    And hooks were told the run ids: order-42
    And the versions of "data/invoices.csv" are: order-42
    And the versions of "data/turnover.json" are: order-42

  Scenario: A run that is given none saves everything under the one that is generated
    When "billing" runs
    Then the only version of "data/invoices.csv" is the run id of the result
    And the only version of "data/turnover.json" is the run id of the result

  Scenario: Overlapping runs save under their own run ids
    When runs of "billing" overlap in threads
      | run_id | item  | quantity |
      | ann    | apple | 1        |
      | bob    | apple | 3        |
      | cyd    | apple | 5        |
    Then the versions of "data/invoices.csv" are: ann, bob, cyd
    And the file "data/turnover.json/ann/turnover.json" holds 10
    And the file "data/turnover.json/bob/turnover.json" holds 30
    And the file "data/turnover.json/cyd/turnover.json" holds 50

  Scenario: A later run can load what an earlier one saved
    Given "billing" runs with
      """
      run_id: first
      """
    And "billing" runs with
      """
      run_id: second
      runtime_data:
        orders: [{item: apple, quantity: 9}]
      """
    When "archive" runs
    Then the output "archived" is 90
    When "archive" runs with
      """
      load_versions: {turnover: first}
      """
    Then the output "archived" is 20

  Scenario: Generated run ids are unique, and sort by start time
    Given kedro's timestamp of that moment
    When "billing" runs 5 times
    And 8 runs of "billing" that are given no run id overlap
    And "billing" runs 5 times
    Then hooks were told 18 different run ids
    And the first 5 and the last 5 run ids sort in the order of the runs
    And all run ids sort between that timestamp and kedro's timestamp of now

  Scenario Outline: A run id that is not safe as a file name is refused
    When "billing" is tried with
      """
      run_id: <run_id>
      """
    Then it fails with a KedroSessionError that says "<reason>"
    And no node ran
    And the versions of "data/invoices.csv" are: none

    Examples:
      | run_id       | reason                    |
      | ""           | is empty                  |
      | "   "        | is empty                  |
      | ".."         | reference to a folder     |
      | "../secrets" | path separator            |
      | "night/1"    | path separator            |
      | "night\\1"   | path separator            |
      | "night\n1"   | control character         |
      | "night\x01"  | control character         |
      | 42           | must be a string, not int |

  Scenario: A run id may be 255 bytes long, and no longer
    When "billing" is tried with a run id of 256 letters "a"
    Then it fails with a KedroSessionError that says "is longer than 255 bytes"
    When "billing" is tried with a run id of 128 letters "é"
    Then it fails with a KedroSessionError that says "is longer than 255 bytes"
    And no node ran
    When "billing" runs with a run id of 255 letters "a"
    Then the versions of "data/invoices.csv" are 255 letters "a"

  Scenario: A run id belongs to one active run at a time
    Given the run "order-42" of "billing" is under way
    When "billing" is tried with
      """
      run_id: order-42
      """
    Then it fails with a KedroSessionError that says "'order-42' is in use by another active run"
    And the versions of "data/invoices.csv" are: none
    When the run "order-42" goes on and ends
    Then the versions of "data/invoices.csv" are: order-42
    When "archive" runs with
      """
      run_id: order-42
      """
    Then the run id of the result is "order-42"

  Scenario: A run id is given on the command line
    When the command "kedro run --pipelines billing --run-id night-1" is called
    Then it succeeds
    And it says "Run ID: night-1"
    And the versions of "data/invoices.csv" are: night-1
    And the file "data/turnover.json/night-1/turnover.json" holds 20

  Scenario: The command refuses an unsafe run id
    When the command "kedro run --pipelines billing --run-id ../night" is called
    Then it fails and says "Invalid value for '--run-id'"
    And it says "contains a path separator"
    And the versions of "data/invoices.csv" are: none
