Feature: One session, many runs
  A session opens the project once: configuration, catalog and pipelines are loaded at
  the first run and kept. Runs of it may follow each other, nest and overlap. No run
  sees the data, the parameters or the name of another, and none leaves anything behind
  but what it wrote to storage.

  Background:
    Given a project with these nodes
      | pipeline    | node               | reads                      | writes            |
      | billing     | price_orders       | orders, prices, params:vat | invoices          |
      | billing     | sum_up             | invoices                   | turnover          |
      | billing     | sign_receipt       | invoices                   | receipt           |
      | by_customer | bill_each_customer | session, orders            | customer_turnover |
      | interrupted | press_ctrl_c       | orders                     | nothing           |
    And the file "conf/base/catalog.yml" contains
      """
      orders:
        type: pandas.CSVDataset
        filepath: data/orders.csv

      prices:
        type: pandas.CSVDataset
        filepath: data/prices.csv
      """
    And the file "conf/base/parameters.yml" contains
      """
      vat: 20
      """
    And the file "data/orders.csv" contains
      | customer | item  | quantity |
      | Ann      | apple | 1        |
      | Bob      | pear  | 2        |
      | Ann      | pear  | 1        |
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |
      | pear  | 20    |
    And a session

  Scenario: Runs follow each other
    When "billing" runs
    Then the output "turnover" is 84
    When "billing" runs with
      """
      runtime_data:
        orders: [{item: apple, quantity: 5}]
      """
    Then the output "turnover" is 60
    When "billing" runs
    Then the output "turnover" is 84
    And the catalog was created once

  Scenario: Runs in threads overlap
    When runs of "billing" overlap in threads
      | run_id | item  | quantity | vat |
      | monday | apple | 1        | 0   |
      | friday | apple | 2        | 50  |
      | sunday | pear  | 3        | 100 |
      | xmas   | pear  | 4        | 200 |
    Then the receipts are
      | run_id | receipt     |
      | monday | monday: 10  |
      | friday | friday: 30  |
      | sunday | sunday: 120 |
      | xmas   | xmas: 240   |

  Scenario: Runs in asyncio tasks overlap
    When runs of "billing" overlap in asyncio tasks
      | run_id | item  | quantity | vat |
      | north  | apple | 1        | 0   |
      | south  | pear  | 1        | 50  |
      | west   | pear  | 2        | 100 |
    Then the receipts are
      | run_id | receipt   |
      | north  | north: 10 |
      | south  | south: 30 |
      | west   | west: 80  |

  Scenario: A node runs the session that it runs in
    When "by_customer" runs with the session as the dataset "session"
    Then the output "customer_turnover" is {Ann: 36, Bob: 48}
    And there were 3 runs, each with a run id of its own

  Scenario: A run that fails leaves the session usable
    When "billing" is tried with
      """
      runtime_data:
        orders: [{item: unicorn, quantity: 1}]
      """
    Then it fails with a ValueError that says "There is no price for unicorn."
    When "billing" runs
    Then the output "turnover" is 84

  Scenario: A run that is interrupted leaves the session usable
    When "interrupted" is tried with
      """
      run_id: nightly
      """
    Then it fails with a KeyboardInterrupt
    And no run is active
    When "billing" runs with
      """
      run_id: nightly
      """
    Then the output "receipt" is "nightly: 84"

  Scenario: A run that fails does not disturb those that it overlaps with
    When runs of "billing" overlap in threads
      | run_id | item    | quantity | vat |
      | good   | apple   | 1        | 0   |
      | bad    | unicorn | 1        | 0   |
      | better | pear    | 1        | 0   |
    Then the run "bad" failed with a ValueError that says "no price for unicorn"
    And the receipts are
      | run_id | receipt    |
      | good   | good: 10   |
      | better | better: 20 |

  Scenario: However many runs there are, the session's memory does not grow
    When "billing" runs 20 times, each time on "orders" of its own
      | item  | quantity |
      | apple | 1        |
    And the results are thrown away
    Then of 20 given "orders", none is in memory
    And of 20 run catalogs, none is in memory

  Scenario: Reloading makes edited configuration count
    When "billing" runs
    And the file "conf/base/parameters.yml" contains
      """
      vat: 50
      """
    And "billing" runs
    Then the output "turnover" is 84
    When the session is reloaded
    And "billing" runs
    Then the output "turnover" is 105

  Scenario: Reloading does not disturb a run under way
    Given the run "early" of "billing" is under way
    When the file "conf/base/parameters.yml" contains
      """
      vat: 50
      """
    And the session is reloaded
    And "billing" runs with
      """
      run_id: late
      """
    And the run "early" goes on and ends
    Then the receipts are
      | run_id | receipt   |
      | early  | early: 84 |
      | late   | late: 105 |
