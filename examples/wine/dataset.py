"""Write wine.csv: 178 wines of three cultivars, 13 measurements each. The data set comes with scikit-learn."""

from sklearn.datasets import load_wine

if __name__ == "__main__":
    load_wine(as_frame=True).frame.to_csv("wine.csv", index=False)
