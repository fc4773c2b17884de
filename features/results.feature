Feature: Results
  A run returns its output datasets by name, as kedro does, together with their data and
  what there is to know about the run. A result stays valid, whatever the session does
  next.

  Background:
    Given a project with these nodes
      | pipeline | node         | reads          | writes   |
      | billing  | price_orders | orders, prices | invoices |
      | billing  | sum_up       | invoices       | turnover |
      | billing  | sign_receipt | invoices       | receipt  |
      | pricing  | price_orders | orders, prices | invoices |
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
        versioned: true
      """
    And the file "data/orders.csv" contains
      | item  | quantity |
      | apple | 2        |
    And the file "data/prices.csv" contains
      | item  | price |
      | apple | 10    |
    And a session

  Scenario: A result holds the pipeline's outputs, and says which run made them
    When "billing" runs with
      """
      run_id: order-42
      """
    Then the result is a dict of these datasets: receipt, turnover
    And its outputs are: receipt, turnover
    And the output "receipt" is "order-42: 20"
    And the run id of the result is "order-42"
    And the session id of the result is that of the session
    And the duration of the result is a positive number

  Scenario: An output is loaded on first access, and then kept
    When "pricing" runs with
      """
      run_id: one
      """
    Then the file "data/invoices.csv" was read 0 times
    When the output "invoices" is asked for 3 times
    Then the file "data/invoices.csv" was read 1 time
    And it was the same object each time

  Scenario: Outputs cannot be replaced
    When "billing" runs
    Then no other value can be put in place of the output "receipt"

  Scenario: A result shows itself briefly
    When "billing" runs with
      """
      run_id: order-42
      """
    Then the result shows as one line with: order-42, receipt, turnover
    And in a notebook it shows as a table with: order-42, receipt, turnover

  Scenario: Results stay valid after later runs, and after the session is closed
    Given "billing" runs with
      """
      run_id: first
      """
    And "pricing" runs with
      """
      run_id: priced
      """
    And "billing" runs with
      """
      run_id: second
      runtime_data:
        orders: [{item: apple, quantity: 5}]
      """
    When the session is closed
    Then the receipts are
      | run_id | receipt    |
      | first  | first: 20  |
      | second | second: 50 |
    And the column "amount" of the output "invoices" of the run "priced" is [20]

  Scenario: An injected output is part of the result
    When "billing" runs with
      """
      runtime_data: {receipt: paid in cash}
      """
    Then the output "receipt" is "paid in cash"
    And the output "turnover" is 20
    And only these nodes ran: price_orders, sum_up
